//! Against the test vectors of the RFC 6962 reference code, and against any size and any change.

use super::*;

/// Leaf inputs of the reference code's tests.
const INPUTS: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
/// Roots over the first one, two, … of them.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn hash(hex: &str) -> Hash {
    bytes(hex).try_into().unwrap()
}

fn reference_leaves() -> Vec<Hash> {
    INPUTS.iter().map(|input| leaf_hash(&bytes(input))).collect()
}

fn of(leaves: &[Hash]) -> impl FnMut(u64, u64) -> Result<Hash, std::convert::Infallible> + '_ {
    |low, high| Ok(root(&leaves[low as usize..high as usize]))
}

#[test]
fn roots_are_those_of_the_reference() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(root(&[]), hash(empty));
    let leaves = reference_leaves();
    for (n, wanted) in ROOTS.iter().enumerate() {
        assert_eq!(root(&leaves[..=n]), hash(wanted), "{} leaves", n + 1);
    }
}

#[test]
fn inclusion_proofs_are_those_of_the_reference() {
    let leaves = reference_leaves();
    let ways: [(u64, u64, &[&str]); 4] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ];
    for (index, size, wanted) in ways {
        let way = inclusion(index, size, &mut of(&leaves)).unwrap();
        assert_eq!(way, wanted.iter().map(|hex| hash(hex)).collect::<Vec<_>>(), "{index}/{size}");
    }
}

#[test]
fn consistency_proofs_are_those_of_the_reference() {
    let leaves = reference_leaves();
    let proofs: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (from, to, wanted) in proofs {
        let proof = consistency(from, to, &mut of(&leaves)).unwrap();
        assert_eq!(proof, wanted.iter().map(|hex| hash(hex)).collect::<Vec<_>>(), "{from}..{to}");
    }
}

fn some(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn every_leaf_of_every_size_is_proven_and_no_change_passes() {
    for size in 1..=40_u64 {
        let leaves = some(size);
        let whole = root(&leaves);
        for index in 0..size {
            let way = inclusion(index, size, &mut of(&leaves)).unwrap();
            let leaf = &leaves[index as usize];
            assert_eq!(root_of_inclusion(index, size, leaf, &way), Some(whole));
            // Another place, another leaf, a shorter or longer way.
            for other in (0..size).filter(|other| *other != index) {
                assert_ne!(root_of_inclusion(other, size, leaf, &way), Some(whole));
                let theirs = &leaves[other as usize];
                assert_ne!(root_of_inclusion(index, size, theirs, &way), Some(whole));
            }
            let longer: Vec<Hash> = way.iter().chain([&whole]).copied().collect();
            assert_eq!(root_of_inclusion(index, size, leaf, &longer), None);
            if let Some((_, shorter)) = way.split_last() {
                assert_eq!(root_of_inclusion(index, size, leaf, shorter), None);
            }
        }
        assert_eq!(root_of_inclusion(size, size, &leaves[0], &[]), None);
    }
}

#[test]
fn every_pair_of_sizes_is_consistent_and_a_rewritten_log_is_not() {
    for to in 1..=40_u64 {
        let leaves = some(to);
        for from in 1..=to {
            let (old, new) = (root(&leaves[..from as usize]), root(&leaves));
            let proof = consistency(from, to, &mut of(&leaves)).unwrap();
            assert_eq!(roots_of_consistency(from, to, &old, &proof), Some((old, new)));
            let mut rewritten = leaves.clone();
            rewritten[(from / 2) as usize % from as usize] = sha256(b"another");
            let proof = consistency(from, to, &mut of(&rewritten)).unwrap();
            let led = roots_of_consistency(from, to, &old, &proof);
            assert_ne!(led, Some((old, root(&rewritten))), "{from}..{to}");
        }
    }
}

#[test]
fn every_range_with_its_surroundings_gives_the_root_and_a_swap_does_not() {
    for size in 1..=20_u64 {
        let leaves = some(size);
        let whole = root(&leaves);
        for from in 0..size {
            for to in from + 1..=size {
                let beside = surroundings(from, to, size, &mut of(&leaves)).unwrap();
                let part = &leaves[from as usize..to as usize];
                assert_eq!(root_of_range(from, part, size, &beside), Some(whole));
                if part.len() > 1 {
                    let mut swapped = part.to_vec();
                    swapped.swap(0, part.len() - 1);
                    assert_ne!(root_of_range(from, &swapped, size, &beside), Some(whole));
                    assert_ne!(root_of_range(from, &part[1..], size, &beside), Some(whole));
                    assert_ne!(root_of_range(from + 1, &part[1..], size, &beside), Some(whole));
                }
            }
        }
    }
}
