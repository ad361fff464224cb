//! Random identifiers: UUIDs and tokens with Polar's prefixes.

use uuid::Uuid;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A new random id, version 4 like Polar's.
pub fn id() -> Uuid {
    Uuid::new_v4()
}

/// `prefix` followed by 43 random letters and digits.
pub fn token(prefix: &str) -> String {
    let random = (0..).flat_map(|_| Uuid::new_v4().into_bytes());
    // 248 is the largest multiple of 62 in a byte: what lies above would favour some letters.
    let letters = random.filter(|byte| *byte < 248).map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    prefix.chars().chain(letters.take(43)).collect()
}

/// One number of a seeded series (splitmix64): the same seed and index give the same number.
pub fn series(seed: u64, index: u64) -> u64 {
    let mut mixed = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_carry_their_prefix_and_differ() {
        let (one, two) = (token("polar_oat_"), token("polar_oat_"));
        assert!(one.starts_with("polar_oat_") && one.len() == 53 && one != two);
    }

    #[test]
    fn a_series_repeats_for_its_seed_only() {
        let of = |seed| (0..20).map(|index| series(seed, index)).collect::<Vec<_>>();
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
