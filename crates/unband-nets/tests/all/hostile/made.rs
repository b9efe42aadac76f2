//! Hostile files.

use zip::CompressionMethod;

use super::build::{
    Case, archive, dict, goldens, harmless, int, ints, legacy, rebuilt, refused, storage, text, tuple, zip,
};
use super::machine::BAIT;

pub(super) fn cases() -> Vec<Case> {
    let mut all = commands();
    all.extend(tensors());
    all.extend(pickles());
    all.extend(archives());
    all.extend(headers());
    all
}

/// The output of `__reduce__` of a hostile class, in each way that a pickle can call something.
fn commands() -> Vec<Case> {
    const CALLS: [(&str, &str); 20] = [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("os", "popen"),
        ("subprocess", "Popen"),
        ("subprocess", "check_output"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "open"),
        ("builtins", "__import__"),
        ("__builtin__", "execfile"),
        ("runpy", "_run_code"),
        ("shutil", "rmtree"),
        ("socket", "create_connection"),
        ("webbrowser", "open"),
        ("importlib", "import_module"),
        ("pickle", "loads"),
        ("torch.storage", "_load_from_bytes"),
        ("torch.hub", "load"),
        ("sys", "exit"),
    ];
    let mut all = Vec::new();
    for (module, name) in CALLS {
        let command = format!("touch {BAIT} ${{TMPDIR:-/tmp}}/{BAIT}");
        let args = tuple(&[text(&command)]);
        let global = format!("c{module}\n{name}\n").into_bytes();
        let stacked = [text(module), text(name), b"\x93".to_vec()].concat();
        let ways: [(&str, Vec<u8>); 6] = [
            ("REDUCE", [&global[..], &args, b"R"].concat()),
            ("STACK_GLOBAL", [&stacked[..], &args, b"R"].concat()),
            ("NEWOBJ", [&global[..], &args, b"\x81"].concat()),
            ("INST", format!("(S'{command}'\ni{module}\n{name}\n").into_bytes()),
            ("OBJ", [b"(", &global[..], &text(&command), b"o"].concat()),
            ("BUILD", [&global[..], b")\x81}", &text("x"), &args, b"sb"].concat()),
        ];
        for (way, pickle) in ways {
            let what = format!("{module}.{name} by {way}");
            let whole = dict("weight", &pickle);
            all.push(refused(format!("{what}, archive"), archive(&whole), "would call"));
            if way == "REDUCE" {
                all.push(refused(format!("{what}, old file"), legacy(&whole), "would call"));
            }
        }
    }
    // Protocol 0, alone in a file, as written in a text editor.
    all.push(refused("a bare pickle", b"cos\nsystem\n(S'id'\ntR.".to_vec(), ""));
    // Harmless by itself: the object to call has no name of its own.
    let attribute =
        [b"cbuiltins\ngetattr\n".to_vec(), tuple(&[text("x"), text("system")]), b"R".to_vec()].concat();
    all.push(refused(
        "an attribute, called",
        archive(&dict("w", &[&attribute[..], b")R"].concat())),
        "no tensors",
    ));
    all
}

/// Tensors that extend past their storage.
fn tensors() -> Vec<Case> {
    const HUGE: i64 = i64::MAX;
    let float = |offset: i64, shape: &[i64], stride: &[i64]| {
        dict("w", &rebuilt(storage("FloatStorage", "0", 6), offset, shape, stride))
    };
    let lies: [(&str, Vec<u8>, &str); 18] = [
        ("too long", float(0, &[7], &[1]), "extends to"),
        ("begins late", float(1, &[6], &[1]), "extends to"),
        ("begins before", float(-1, &[2], &[1]), "invalid tensor"),
        ("begins nowhere", float(HUGE, &[2], &[1]), ""),
        ("wide steps", float(0, &[2, 3], &[4, 1]), "extends to"),
        ("steps back", float(5, &[2], &[-1]), "invalid tensor"),
        ("steps over everything", float(0, &[2], &[HUGE]), ""),
        ("negative size", float(0, &[-6], &[1]), "invalid tensor"),
        ("sizes that overflow", float(0, &[HUGE, HUGE, HUGE], &[0, 0, 0]), "invalid tensor"),
        ("one number a billion times", float(0, &[1 << 30], &[0]), "more than"),
        ("one number 2⁶² times", float(0, &[1 << 31, 1 << 31], &[0, 0]), "more than"),
        ("nothing, a great many times", float(0, &[0, HUGE], &[1, 1]), ""),
        ("more sizes than steps", float(0, &[2, 3], &[1]), "invalid tensor"),
        ("a hundred dimensions", float(0, &[1; 100], &[1; 100]), "sizes"),
        (
            "a storage that is not there",
            dict("w", &rebuilt(storage("FloatStorage", "1", 6), 0, &[6], &[1])),
            "",
        ),
        ("a storage above", dict("w", &rebuilt(storage("FloatStorage", "../version", 6), 0, &[6], &[1])), ""),
        (
            "a storage of another length",
            dict("w", &rebuilt(storage("FloatStorage", "0", 7), 0, &[6], &[1])),
            "",
        ),
        ("complex numbers", dict("w", &rebuilt(storage("ComplexFloatStorage", "0", 3), 0, &[3], &[1])), ""),
    ];
    let mut all: Vec<Case> = Vec::new();
    for (name, pickle, says) in lies {
        let empty = name.starts_with("nothing");
        let case = |bytes| Case { name: format!("tensor: {name}"), bytes, must_fail: !empty, says };
        all.push(case(archive(&pickle)));
        all.push(case(legacy(&pickle)));
    }
    // Invalid arguments.
    let call = |args: Vec<u8>| {
        dict("w", &[b"ctorch._utils\n_rebuild_tensor_v2\n".to_vec(), args, b"R".to_vec()].concat())
    };
    let wrong = [
        ("no arguments", call(b")".to_vec())),
        ("arguments that are not a tuple", call(b"N".to_vec())),
        ("a number as storage", call(tuple(&[int(1), int(0), ints(&[1]), ints(&[1])]))),
        ("texts as sizes", call(tuple(&[storage("FloatStorage", "0", 6), int(0), text("x"), text("y")]))),
        ("a storage of nothing", call(tuple(&[b"NQ".to_vec(), int(0), ints(&[1]), ints(&[1])]))),
        (
            "a storage of minus one",
            call(tuple(&[storage("FloatStorage", "0", -1), int(0), ints(&[1]), ints(&[1])])),
        ),
    ];
    all.extend(
        wrong.into_iter().map(|(name, pickle)| refused(format!("tensor: {name}"), archive(&pickle), "")),
    );
    let mut inner = rebuilt(storage("FloatStorage", "0", 6), 0, &[6], &[1]);
    for _ in 0..50 {
        inner = [b"ctorch._utils\n_rebuild_parameter\n(".to_vec(), inner, b"\x89}tR".to_vec()].concat();
    }
    all.push(refused("tensor: a parameter of a parameter of…", archive(&dict("w", &inner)), "wrappers"));
    // A thousand tensors that share a million elements exceed the file's size.
    let mut many = b"\x80\x02}(".to_vec();
    for i in 0..400 {
        many.extend(text(&i.to_string()));
        many.extend(rebuilt(storage("FloatStorage", "0", 6), 0, &[100, 100, 1], &[0, 0, 1]));
    }
    many.extend(b"u.");
    all.push(refused("tensor: one number in many", archive(&many), "more than"));
    all
}

/// Pickles that take too much time or memory, or are malformed.
fn pickles() -> Vec<Case> {
    let whole = |pickle: &[u8]| archive(&[b"\x80\x02".as_slice(), pickle].concat());
    let mut all = vec![
        refused("pickle: nothing", archive(b""), ""),
        refused("pickle: no end", whole(b"}"), ""),
        refused("pickle: only an end", whole(b"."), ""),
        refused("pickle: a text of 2⁶⁴ bytes", whole(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "left"),
        refused("pickle: bytes of 2⁶³", whole(b"\x8e\x00\x00\x00\x00\x00\x00\x00\x80."), "left"),
        refused("pickle: a number of 2³¹ bytes", whole(b"\x8b\xff\xff\xff\x7f."), "left"),
        refused("pickle: a number of negative length", whole(b"\x8b\xff\xff\xff\xff."), "negative"),
        refused(
            "pickle: a frame past the end",
            whole(b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f}."),
            "no tensors",
        ),
        refused("pickle: remembers far away", whole(b"}r\xff\xff\xff\xff."), "no tensors"),
        refused("pickle: remembers a line", whole(b"}p99999999999999999999999\n."), ""),
        refused("pickle: recalls what is not there", whole(b"h\x07."), "is empty"),
        refused("pickle: an extension", whole(b"\x82\x01."), "0x82"),
        refused("pickle: a buffer from outside", whole(b"\x97."), "0x97"),
        refused("pickle: three of nothing", whole(b"\x87."), ""),
        refused("pickle: takes from below a mark", whole(b"}(\x85."), ""),
        refused("pickle: entries for a number", whole(b"K\x01K\x02K\x03s."), ""),
        refused("pickle: a key alone", whole(b"}(K\x01u."), ""),
        refused("pickle: an object without a class", whole(b"(o."), ""),
        refused("pickle: a name that is a number", whole(b"K\x01K\x02\x93."), ""),
        refused("pickle: an invalid number", whole(b"Ix\n."), ""),
        refused("pickle: a dictionary in itself", whole(b"}q\x00X\x01\x00\x00\x00ah\x00s."), "more than"),
        refused("pickle: a list in itself", whole(b"]q\x00h\x00a."), "more than"),
        refused("pickle: a million marks", whole(&[b'('; 1_000_000]), ""),
        refused("pickle: three million values", whole(&[b'N'; 3_000_000]), "more than"),
        refused("pickle: three million copies", whole(&[b"N".as_slice(), &[b'2'; 3_000_000]].concat()), ""),
        refused(
            "pickle: a million tuples in each other",
            whole(&[b")".as_slice(), &[0x85; 1_000_000], b"."].concat()),
            "",
        ),
    ];
    // Ten lists, each holding the one before sixty times.
    let mut laughs = b"]q\x00".to_vec();
    for i in 0..10u8 {
        laughs.extend(b"(");
        laughs.extend([b'h', i].repeat(60));
        laughs.extend([b'l', b'q', i + 1]);
    }
    laughs.push(b'.');
    all.push(refused("pickle: a billion laughs", whole(&laughs), "more than"));
    // The same with a class whose large state is visited each time.
    let mut large = b"(".to_vec();
    for i in 0..200_000 {
        large.extend([b'K', (i % 256) as u8, b'N']);
    }
    let state = [b"c__main__\nThing\n)\x81".as_slice(), &large, b"dbq\x00"].concat();
    let mut shared = state;
    for i in 0..4u8 {
        shared.extend(b"(");
        shared.extend([b'h', i].repeat(60));
        shared.extend([b'l', b'q', i + 1]);
    }
    shared.push(b'.');
    all.push(refused("pickle: a large thing, shared", whole(&shared), "more than"));
    // Names: long nested ones, and a long one used in many places.
    let name = text(&"n".repeat(100_000));
    all.push(refused("pickle: a long name", whole(&[b"}", &name[..], b"}s."].concat()), "more than"));
    all.push(refused(
        "pickle: a long class",
        whole(&[b"c".as_slice(), &[b'x'; 5000], b"\ny\n."].concat()),
        "5002 bytes",
    ));
    let mut deep = rebuilt(storage("FloatStorage", "0", 6), 0, &[6], &[1]);
    for _ in 0..2000 {
        deep = [b"}", &text("deeper")[..], &deep, b"s"].concat();
    }
    deep.push(b'.');
    all.push(refused("pickle: nested groups", whole(&deep), "more than"));
    let mut many = b"}(".to_vec();
    for i in 0..70_000u32 {
        many.extend(text(&i.to_string()));
        many.extend(if i == 0 {
            [&rebuilt(storage("FloatStorage", "0", 6), 0, &[0], &[1])[..], b"q\x00"].concat()
        } else {
            b"h\x00".to_vec()
        });
    }
    many.extend(b"u.");
    all.push(refused("pickle: seventy thousand tensors", whole(&many), "more than"));
    all
}

/// Archives with false metadata.
fn archives() -> Vec<Case> {
    let stored = CompressionMethod::Stored;
    let tensor = dict("w", &rebuilt(storage("FloatStorage", "0", 6), 0, &[6], &[1]));
    let with = |entries: &[(&str, &[u8])]| zip(entries, stored);
    let numbers = [1u8; 24];
    let good: [(&str, &[u8]); 2] = [("a/data.pkl", &tensor), ("a/data/0", &numbers)];
    let zeros = vec![0u8; 64 << 20];
    let mut all = vec![
        harmless("zip: as it should be", with(&good)),
        refused("zip: empty", with(&[]), ""),
        refused("zip: no pickle", with(&[("a/data/0", &numbers)]), "data.pkl"),
        refused("zip: two pickles", with(&[("a/data.pkl", &tensor), ("b/data.pkl", &tensor)]), "several"),
        refused("zip: no data", with(&[("a/data.pkl", &tensor)]), "not in the file"),
        refused("zip: data above", with(&[("a/data.pkl", &tensor), ("a/data/../data/0", &numbers)]), ""),
        refused("zip: everything above", with(&[("../data.pkl", &tensor), ("../../data/0", &numbers)]), ""),
        refused("zip: big-endian", with(&[good[0], good[1], ("a/byteorder", b"big")]), "big-endian"),
        refused(
            "zip: a bomb",
            zip(&[good[0], ("a/data/0", &zeros)], CompressionMethod::Deflated),
            "more than",
        ),
        refused("zip: of images", with(&[("sky.png", b"\x89PNG")]), ""),
        refused("zip: of NumPy", with(&[("x.npy", b"\x93NUMPY")]), "NumPy"),
        refused("zip: of before 1.4", with(&[("a/model.json", b"{}")]), "1.4"),
        harmless("zip: with a program in it", with(&[good[0], good[1], ("a/code/evil.py", b"import os")])),
    ];
    // A modified directory: both entries begin at the same offset; invalid sizes and offsets.
    let whole = with(&good);
    let directory = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let second = directory + 4 + whole[directory + 4..].windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let changed = |name: &str, at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        refused(format!("zip: {name}"), file, "")
    };
    all.push(changed("two entries in one place", second + 42, &0u32.to_le_bytes()));
    all.push(changed("an entry nowhere", second + 42, &0x7fff_ffffu32.to_le_bytes()));
    all.push(changed("an entry of 2³² bytes", second + 20, &[0xff; 8]));
    all.push(changed("an entry of 2³¹ bytes", second + 20, &[0, 0, 0, 0x80, 0, 0, 0, 0x80]));
    all.push(changed("an entry longer than stored", second + 24, &25u32.to_le_bytes()));
    all.push(changed("an entry shorter than stored", second + 24, &23u32.to_le_bytes()));
    all.push(changed("an entry with another sum", second + 16, &[1, 2, 3, 4]));
    all.push(changed("an encrypted entry", second + 8, &[1, 0]));
    all.push(changed("an unknown compression", second + 10, &[77, 0]));
    all.push(changed("a directory nowhere", whole.len() - 6, &0x7fff_ffffu32.to_le_bytes()));
    all.push(changed("many entries", whole.len() - 14, &[0xfe, 0xff, 0xfe, 0xff]));
    all.push(changed("a changed number", whole.windows(24).position(|w| w == numbers).unwrap() + 5, &[0x77]));
    all
}

/// Safetensors headers and storages of old files with false sizes.
fn headers() -> Vec<Case> {
    let file = |header: &str, data: usize| {
        let mut out = (header.len() as u64).to_le_bytes().to_vec();
        out.extend(header.bytes());
        out.resize(out.len() + data, 1);
        out
    };
    let one = |dtype: &str, shape: &str, from: &str, to: &str| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    let mut all = vec![
        harmless("safetensors: as it should be", file(&one("F32", "[6]", "0", "24"), 24)),
        refused("safetensors: longer than the file", file(&one("F32", "[600]", "0", "2400"), 24), ""),
        refused("safetensors: shorter than its shape", file(&one("F32", "[7]", "0", "24"), 24), ""),
        refused("safetensors: begins after its end", file(&one("F32", "[6]", "24", "0"), 24), ""),
        refused(
            "safetensors: sizes that overflow",
            file(&one("F32", "[4294967296,4294967296,4]", "0", "24"), 24),
            "",
        ),
        refused("safetensors: a negative size", file(&one("F32", "[-6]", "0", "24"), 24), ""),
        refused(
            "safetensors: places that overflow",
            file(&one("F32", "[6]", "0", "18446744073709551615"), 24),
            "",
        ),
        refused("safetensors: an unknown type", file(&one("F99", "[6]", "0", "24"), 24), ""),
        refused("safetensors: bytes left over", file(&one("F32", "[6]", "0", "24"), 30), ""),
        refused("safetensors: nothing", file("{}", 0), ""),
        refused("safetensors: no JSON", file("{[[[[", 24), ""),
        refused("safetensors: deep JSON", file(&format!("{{\"w\":{}", "[".repeat(500_000)), 24), ""),
        refused("safetensors: a header past the end", b"\xff\xff\x00\x00\x00\x00\x00\x00{}".to_vec(), ""),
    ];
    let two = r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}"#;
    all.push(refused("safetensors: two in one place", file(two, 24), ""));
    let (_, old) = goldens().into_iter().find(|(name, _)| name == "rrdbnet_legacy.pth").unwrap();
    let tensor = dict("w", &rebuilt(storage("FloatStorage", "0", 6), 0, &[6], &[1]));
    let whole = legacy(&tensor);
    all.push(harmless("old file: as it should be", whole.clone()));
    for count in [7u64, 1 << 40, 1 << 62, u64::MAX] {
        let mut file = whole.clone();
        let at = file.len() - 32;
        file[at..at + 8].copy_from_slice(&count.to_le_bytes());
        all.push(refused(format!("old file: a storage of {count}"), file, ""));
    }
    let mut other = old.clone();
    other[5] ^= 1;
    all.push(refused("old file: another magic number", other, "not one that PyTorch wrote"));
    all
}
