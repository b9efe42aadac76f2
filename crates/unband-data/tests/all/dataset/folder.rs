//! Output folders of datasets, unfinished and finished.

use std::fs;
use std::path::{Component, Path};

use proptest::prelude::*;
use unband_data::dataset::{
    Check, DatasetError, DatasetPlan, Finding, Journal, Kapoor, Manifest, Opened, PREPARATIONS, kapoor,
};
use unband_image::With;

use super::set::{CLEAN, Set, run, tree};

fn plan(set: &Set) -> DatasetPlan {
    let asked = Kapoor::new(&PREPARATIONS[2]);
    kapoor(&set.root(), asked).unwrap()
}

fn journal(plan: &DatasetPlan, out: &Path) -> Journal {
    match Journal::open(out, &plan.header).unwrap() {
        Opened::Open(journal) => journal,
        Opened::Complete(_) => panic!("complete"),
    }
}

fn findings(out: &Path) -> Vec<Finding> {
    let check = Check::open(out).unwrap();
    let mut found: Vec<Finding> = (0..check.len()).flat_map(|index| check.one(index)).collect();
    found.extend(check.left_over().unwrap());
    found
}

#[test]
fn a_run_stopped_anywhere_goes_on_to_the_same_bytes() {
    let set = Set::odd();
    let plan = plan(&set);
    run(&plan, &set.out("whole"), 1);
    let whole = tree(&set.out("whole"));
    for done in 0..plan.len() {
        let out = set.out(&format!("cut{done}"));
        let mut journal = journal(&plan, &out);
        for index in 0..done {
            journal.add(&plan.make(index, &out).unwrap()).unwrap();
        }
        drop(journal);
        // Files of the next image without a line yet, a temporary file, half a line.
        plan.make(done, &out).unwrap();
        fs::write(out.join("train/lq/.unband-x1.tmp"), b"half").unwrap();
        let path = out.join("manifest.part.jsonl");
        let mut text = fs::read(&path).unwrap();
        text.extend(b"{\"name\":\"00");
        fs::write(&path, &text).unwrap();
        assert!(matches!(
            Check::open(&out),
            Err(DatasetError::Unfinished { done: found, images: 6, .. }) if found == done
        ));
        run(&plan, &out, 2);
        assert!(tree(&out) == whole, "stopped after {done}");
    }
}

#[test]
fn a_complete_folder_is_known_again() {
    let set = Set::odd();
    let plan = plan(&set);
    let manifest = run(&plan, &set.out("pairs"), 2);
    let before = tree(&set.out("pairs"));
    match Journal::open(&set.out("pairs"), &plan.header).unwrap() {
        Opened::Complete(found) => assert!(found == manifest),
        Opened::Open(_) => panic!("not known again"),
    }
    assert!(tree(&set.out("pairs")) == before);
}

#[test]
fn other_settings_other_sources_and_other_folders_are_refused() {
    let set = Set::odd();
    let first = plan(&set);
    let out = set.out("pairs");
    journal(&first, &out).add(&first.make(0, &out).unwrap()).unwrap();
    let refused = |plan: &DatasetPlan, out: &Path| Journal::open(out, &plan.header).map(|_| ()).unwrap_err();
    let asked = Kapoor::new(&PREPARATIONS[2]).but(|new| new.seed = Some(5));
    let error = refused(&kapoor(&set.root(), asked).unwrap(), &out);
    assert!(
        error.to_string().ends_with("the folder contains other pairs: `seed` was 3407, now it is 5"),
        "{error}"
    );
    set.write(&format!("{CLEAN}/000001_0007.png"), &super::set::png(512, 384, 1, 200));
    let error = refused(&plan(&set), &out);
    assert!(error.to_string().contains("source files were added"), "{error}");
    let busy = set.out("busy");
    fs::create_dir_all(&busy).unwrap();
    fs::write(busy.join("letter.txt"), b"dear").unwrap();
    assert!(matches!(refused(&first, &busy), DatasetError::Occupied { .. }));
    assert_eq!(tree(&busy).len(), 1, "something was written");
}

#[test]
fn a_run_killed_before_it_wrote_its_name_blocks_no_other() {
    let set = Set::odd();
    let plan = plan(&set);
    let out = set.out("pairs");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join(".unband-4k2.tmp"), b"{\"ver").unwrap();
    journal(&plan, &out);
    assert!(!out.join(".unband-4k2.tmp").exists());
}

#[test]
fn two_runs_do_not_write_to_one_folder() {
    let set = Set::odd();
    let plan = plan(&set);
    let out = set.out("pairs");
    let first = journal(&plan, &out);
    assert!(matches!(Journal::open(&out, &plan.header), Err(DatasetError::Busy { .. })));
    drop(first);
    journal(&plan, &out);
}

#[test]
fn a_check_names_what_is_missing_changed_and_left_over() {
    let set = Set::odd();
    let out = set.out("pairs");
    let manifest = run(&plan(&set), &out, 2);
    assert_eq!(findings(&out), []);
    let path = |name: &str, at: usize, side: &str| {
        let entry = manifest.entries.iter().find(|entry| entry.name == name).unwrap();
        format!("{}/{side}/{}", entry.split, entry.pairs[at].file)
    };
    let (missing, changed) = (path("000001_0007", 0, "gt"), path("000003_0111", 1, "lq"));
    fs::remove_file(out.join(&missing)).unwrap();
    let mut bytes = fs::read(out.join(&changed)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(out.join(&changed), bytes).unwrap();
    fs::write(out.join("test/notes.txt"), b"x").unwrap();
    fs::write(out.join("val/gt/stray.png"), b"x").unwrap();
    fs::create_dir(out.join("more")).unwrap();
    let expected = [
        Finding::Missing(missing),
        Finding::Changed(changed),
        Finding::LeftOver("more".into()),
        Finding::LeftOver("test/notes.txt".into()),
        Finding::LeftOver("val/gt/stray.png".into()),
    ];
    assert_eq!(findings(&out), expected);
    fs::remove_dir_all(out.join("train")).unwrap();
    assert!(
        findings(&out)
            .iter()
            .any(|finding| matches!(finding, Finding::Missing(file) if file.starts_with("train/")))
    );
}

#[test]
fn damaged_and_hostile_manifests_are_refused_with_their_line() {
    let set = Set::odd();
    let out = set.out("pairs");
    run(&plan(&set), &out, 1);
    let path = out.join("manifest.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let name =
        Manifest::read(&path).unwrap().entries.iter().flat_map(|e| &e.pairs).next().unwrap().file.clone();
    let lines: Vec<&str> = text.lines().collect();
    let broken = |line: usize, by: &str| {
        let mut lines = lines.clone();
        lines[line - 1] = by;
        lines.join("\n") + "\n"
    };
    for (content, line) in [
        (String::new(), 1),
        ("no JSON\n".to_owned(), 1),
        (broken(1, &lines[0].replace("unband-dataset/1", "unband-dataset/2")), 1),
        (broken(3, "{}"), 3),
        (broken(4, &lines[3].replace("\"name\"", "\"nome\"")), 4),
        (text.clone() + lines[2] + "\n", 8),
        (lines[..4].join("\n") + "\n", 5),
    ] {
        fs::write(&path, content).unwrap();
        match Check::open(&out) {
            Err(DatasetError::Manifest { line: found, .. }) => assert_eq!(found, line),
            other => panic!("line {line}: {other:?}"),
        }
    }
    for evil in [
        "../../../etc/passwd",
        "/etc/passwd",
        "a/b/c.png",
        "a/../../b.png",
        "./b.png",
        "a//b.png",
        "..",
        ".",
        "",
        "c.png/",
    ] {
        fs::write(&path, text.replace(&name, evil)).unwrap();
        assert!(matches!(Check::open(&out), Err(DatasetError::Manifest { .. })), "{evil}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(Check::open(&out), Err(DatasetError::NoManifest { .. })));
}

#[test]
fn a_folder_that_cannot_be_written_to_ends_the_run() {
    let set = Set::odd();
    let plan = plan(&set);
    let out = set.out("pairs");
    let journal = journal(&plan, &out);
    // A file in place of a folder fails for all users, even those that permissions do not stop.
    for split in ["train", "val", "test"] {
        fs::remove_dir_all(out.join(split)).unwrap();
        fs::write(out.join(split), b"x").unwrap();
    }
    let results: Vec<_> = (0..plan.len()).map(|index| plan.make(index, &out)).collect();
    assert!(results.iter().any(|result| matches!(result, Err(DatasetError::Folder { .. }))));
    drop(journal);
}

/// A manifest as written, with names in folders.
const MANIFEST: &str = concat!(
    r#"{"schema":"unband-dataset/1","version":"0.1.0","settings":{"seed":1},"images":2,"sources_sha256":"00","unpaired":["a"]}"#,
    "\n",
    r#"{"name":"a","split":"train","sources":["a.png"],"degradations":[{"seed":1,"cause":"rgb-5"}],"pairs":[{"file":"rgb-5/a.png","#,
    r#""window":[0,0,9,9],"degradation":0,"lq_sha256":"00","gt_sha256":"00"}]}"#,
    "\n",
    r#"{"name":"b","split":"val","sources":["b.png"],"pairs":[],"failed":{"file":"b.png","reason":"x"}}"#,
    "\n"
);

proptest! {
    #[test]
    fn damaged_manifests_lead_nowhere_else(places in prop::collection::vec((0usize..600, any::<u8>()), 0..6)) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = MANIFEST.as_bytes().to_vec();
        for &(place, byte) in &places {
            let place = place % bytes.len();
            // Includes the characters of path syntax.
            bytes[place] = if byte < 128 { b"./\\:\"\n0a"[byte as usize % 8] } else { byte };
        }
        let path = folder.path().join("manifest.jsonl");
        fs::write(&path, &bytes).unwrap();
        let read = Manifest::read(&path);
        prop_assert!(!places.is_empty() || read.as_ref().is_ok_and(|manifest| manifest.entries.len() == 2));
        for pair in read.iter().flat_map(|manifest| &manifest.entries).flat_map(|entry| &entry.pairs) {
            let parts: Vec<_> = Path::new(&pair.file).components().collect();
            prop_assert!(parts.len() <= 2 && parts.iter().all(|part| matches!(part, Component::Normal(_))), "{}", pair.file);
        }
    }
}
