use super::*;
use unband_image::Hint;

fn program(names: &'static [&'static str]) -> Program {
    Program { names, purpose: "testing", install: "install nothing" }
}

#[test]
fn a_program_that_is_missing_says_how_to_get_it() {
    let error = program(&["unband-no-such-program"]).run(&Room::new().unwrap(), &[], Duration::ZERO);
    let error = error.unwrap_err();
    assert_eq!(error.to_string(), "testing needs the program `unband-no-such-program`, which was not found");
    assert_eq!(error.hint().unwrap(), "install nothing");
}

#[test]
fn files_go_in_and_come_out_and_the_second_name_does_too() {
    let room = Room::new().unwrap();
    room.create("in").unwrap().write_all(b"hello").unwrap();
    let shell = program(&["unband-no-such-program", "sh"]);
    shell.run(&room, &["-c", "cat in in > out"], Duration::from_secs(10)).unwrap();
    assert_eq!(room.read("out", 10).unwrap().unwrap(), b"hellohello");
    assert!(matches!(room.read("out", 9), Err(Error::FileSize { .. })));
    assert_eq!(room.read("elsewhere", 9).unwrap(), None);
}

#[test]
fn what_a_program_said_becomes_the_message() {
    let room = Room::new().unwrap();
    let run = |script| program(&["sh"]).run(&room, &["-c", script], Duration::from_secs(10)).unwrap_err();
    let error = run("echo once; echo this >&2; echo that >&2; exit 3");
    assert_eq!(error.to_string(), "`sh` failed: this; that");
    assert_eq!(run("exit 1").to_string(), "`sh` failed: it failed without a message");
}

#[test]
fn an_answer_comes_back_and_has_an_end() {
    let room = Room::new().unwrap();
    let ask = |bytes| {
        let programs = Programs::default();
        program(&["echo"]).ask(&room, &["hello"], bytes, Duration::from_secs(10), &programs)
    };
    assert_eq!(ask(10).unwrap(), b"hello\n");
    assert!(matches!(ask(5), Err(Error::FileSize { .. })));
}

#[test]
fn files_of_programs_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new().unwrap();
    room.create("in").unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(room.folder.path()), mode(&room.path("in"))), (0o700, 0o600));
}

#[test]
fn an_answer_ends_with_the_work_that_it_is_for() {
    let (programs, room) = (Programs::default(), Room::new().unwrap());
    let ends = programs.clone();
    let other = std::thread::spawn(move || ends.end());
    let error = program(&["sleep"]).ask(&room, &["600"], 10, Duration::from_mins(9), &programs);
    assert!(error.is_err());
    other.join().unwrap();
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    let start = Instant::now();
    let room = Room::new().unwrap();
    let error = program(&["sleep"]).run(&room, &["60"], Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.to_string(), "`sleep` failed: not finished after 0 s");
    assert!(start.elapsed() < Duration::from_secs(10));
}
