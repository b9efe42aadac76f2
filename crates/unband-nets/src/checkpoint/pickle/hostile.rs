//! Function names that identify a malicious pickle.

/// Names that no checkpoint needs and with which Python would act on the machine. This reader does not call
/// them either. A file with one of them is refused so that no one opens it elsewhere.
pub(super) fn acts(name: &str) -> bool {
    const MODULES: [&str; 38] = [
        "os",
        "posix",
        "nt",
        "subprocess",
        "sys",
        "shutil",
        "socket",
        "runpy",
        "importlib",
        "pty",
        "ctypes",
        "webbrowser",
        "commands",
        "code",
        "codeop",
        "pickle",
        "_pickle",
        "cPickle",
        "marshal",
        "timeit",
        "bdb",
        "pdb",
        "asyncio",
        "multiprocessing",
        "signal",
        "requests",
        "urllib",
        "urllib2",
        "http",
        "httplib",
        "ftplib",
        "smtplib",
        "platform",
        "popen2",
        "pip",
        "pkgutil",
        "zipimport",
        "types",
    ];
    const NAMES: [&str; 8] =
        ["eval", "exec", "execfile", "compile", "open", "__import__", "input", "breakpoint"];
    const CALLS: [&str; 5] = [
        "torch.storage._load_from_bytes",
        "torch.load",
        "torch.jit.load",
        "numpy.load",
        "numpy.testing._private.utils.runstring",
    ];
    let (module, rest) = name.split_once('.').unwrap_or((name, ""));
    MODULES.contains(&module)
        || (["builtins", "__builtin__"].contains(&module) && NAMES.contains(&rest))
        || CALLS.contains(&name)
        || name.starts_with("torch.hub.")
}
