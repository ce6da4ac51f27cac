//! What is kept on the disk.

use super::*;

fn tile(x: u32) -> Tile {
    Tile { z: 14, x, y: 7 }
}

fn kept(fetched: i64, length: usize) -> Kept {
    Kept { fetched, bytes: vec![7; length] }
}

#[test]
fn a_tile_is_kept_and_counted_and_found_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path(), 1 << 20, 0).unwrap();
    assert_eq!(disk.read("std", tile(1), 100), None);
    disk.write("std", tile(1), &kept(100, 5_000)).unwrap();
    disk.write("std", tile(2), &kept(100, 0)).unwrap();
    disk.write("std", tile(1), &kept(200, 3_000)).unwrap();
    assert_eq!((disk.read("std", tile(1), 300), disk.used()), (Some(kept(200, 3_000)), 2 * BLOCK));
    let again = Disk::open(folder.path(), 1 << 20, 0).unwrap();
    assert_eq!((again.read("std", tile(2), 300), again.used()), (Some(kept(100, 0)), 2 * BLOCK));
    assert_eq!(again.read("pale", tile(1), 300), None, "another source has another tile");
}

#[test]
fn a_file_that_was_cut_short_or_changed_is_as_good_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path(), 1 << 20, 0).unwrap();
    for spoil in [
        (|bytes: &mut Vec<u8>| bytes.truncate(50)) as fn(&mut Vec<u8>),
        |bytes| bytes.truncate(3),
        |bytes| bytes[100] ^= 1,
        |bytes| bytes[5] ^= 1,
        |bytes| bytes.push(0),
    ] {
        disk.write("std", tile(1), &kept(100, 500)).unwrap();
        let path = disk.path("std", tile(1));
        let mut bytes = fs::read(&path).unwrap();
        spoil(&mut bytes);
        fs::write(&path, bytes).unwrap();
        assert_eq!(disk.read("std", tile(1), 100), None);
    }
}

#[test]
fn the_folder_stays_within_its_budget_and_what_was_used_longest_ago_goes() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path(), 64 * BLOCK, 0).unwrap();
    for n in 0..200_u32 {
        let now = i64::from(n) * (NOTED_EVERY + 1);
        disk.write("std", tile(n), &kept(now, 1_000)).unwrap();
        assert!(disk.read("std", tile(0), now).is_some(), "it is used again and again");
        assert!(disk.used() <= 64 * BLOCK, "{}", disk.used());
    }
    assert_eq!(sum(&all(folder.path()).unwrap(), |_| true), disk.used());
    assert!(disk.read("std", tile(1), 0).is_none() && disk.read("std", tile(199), 0).is_some());
}

#[test]
fn two_who_write_into_one_folder_stay_near_the_budget_together() {
    let folder = tempfile::tempdir().unwrap();
    let budget = 64 * BLOCK;
    let both = [0, 1].map(|_| Disk::open(folder.path(), budget, 0).unwrap());
    for n in 0..200_u32 {
        for (x, disk) in both.iter().enumerate() {
            disk.write("std", Tile { z: 14, x: u32::try_from(x).unwrap(), y: n }, &kept(n.into(), 1_000)).unwrap();
        }
        let taken = sum(&all(folder.path()).unwrap(), |_| true);
        assert!(taken <= budget + budget / 8, "{} blocks", taken / BLOCK);
    }
}

#[test]
fn nothing_is_kept_where_the_disk_has_no_room_or_the_tile_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let full = Disk::open(folder.path(), 1 << 20, u64::MAX).unwrap();
    full.write("std", tile(1), &kept(100, 500)).unwrap();
    let small = Disk::open(folder.path(), BLOCK, 0).unwrap();
    small.write("std", tile(1), &kept(100, 5_000)).unwrap();
    assert_eq!(small.read("std", tile(1), 100), None);
    assert!(all(folder.path()).unwrap().is_empty());
}

#[test]
fn what_was_fetched_ahead_is_not_pushed_out_by_what_comes_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path(), 64 * BLOCK, 0).unwrap();
    assert!(!disk.keep_ahead("std", tile(0)).unwrap(), "it is not kept");
    for n in 0..48 {
        disk.write("std", tile(n), &kept(100, 1_000)).unwrap();
        assert!(disk.keep_ahead("std", tile(n)).unwrap() && disk.keep_ahead("std", tile(n)).unwrap(), "{n}");
    }
    disk.write("std", tile(48), &kept(100, 1_000)).unwrap();
    assert!(!disk.keep_ahead("std", tile(48)).unwrap(), "a quarter is left to what is asked for");
    // One of them grew old and is fetched anew.
    disk.write("std", tile(7), &kept(200, 2_000)).unwrap();
    for n in 1_000..1_300 {
        disk.write("std", tile(n), &kept(i64::from(n), 1_000)).unwrap();
        assert!(disk.used() <= 64 * BLOCK, "{}", disk.used());
    }
    assert!((0..48).all(|n| disk.read("std", tile(n), 2_000).is_some()));
    assert_eq!(disk.read("std", tile(7), 2_000), Some(kept(200, 2_000)));
    assert_eq!(disk.read("std", tile(48), 2_000), None);
    let size = |disk: &Disk| (disk.used(), disk.ahead.load(Ordering::Relaxed));
    let again = Disk::open(folder.path(), 64 * BLOCK, 0).unwrap();
    assert_eq!((size(&again), size(&again).1), (size(&disk), 48 * BLOCK));
    // Under a smaller budget they go like all else.
    let small = Disk::open(folder.path(), 32 * BLOCK, 0).unwrap();
    small.write("std", tile(49), &kept(3_000, 1_000)).unwrap();
    assert_eq!(size(&small), (28 * BLOCK, 28 * BLOCK));
}
