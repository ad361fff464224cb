//! Polar's webhook signatures (C§3.2). A secret can mean two keys, by when and by whom it was made: the bytes of the whole
//! text, or what follows `whsec_`, decoded. Both are tried, for every configured secret, in constant time.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far `webhook-timestamp` may be from our wall clock, in seconds.
const TOLERANCE: i64 = 5 * 60;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The three headers of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'h> {
    /// `webhook-id`.
    pub id: &'h str,
    /// `webhook-timestamp`.
    pub timestamp: &'h str,
    /// `webhook-signature`.
    pub signature: &'h str,
}

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// A header is missing, empty or not plain.
    #[error("headers")]
    Headers,
    /// The timestamp is no number, or too far from our clock.
    #[error("timestamp")]
    Timestamp,
    /// No signature fits any key.
    #[error("signature")]
    Signature,
}

/// Believes the delivery, or says why not. `now` is wall time in seconds.
///
/// # Errors
/// The first reason found, in the order headers, time, signature.
pub fn verify(secrets: &[SecretString], headers: Headers<'_>, body: &[u8], now: i64) -> Result<(), Distrust> {
    if headers.id.is_empty() || headers.id.len() > 200 || !headers.id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Distrust::Headers);
    }
    let digits = !headers.timestamp.is_empty() && headers.timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let sent: i64 = headers.timestamp.parse().ok().filter(|_| digits).ok_or(Distrust::Timestamp)?;
    if (now - sent).abs() > TOLERANCE {
        return Err(Distrust::Timestamp);
    }
    let fits = |key: &[u8]| headers.signature.split(' ').any(|entry| matches(key, headers, body, entry));
    // Every key is tried whatever the earlier ones gave, so that time tells nothing about which one fits.
    let fitting = secrets.iter().flat_map(keys).filter(|key| fits(key)).count();
    if fitting > 0 { Ok(()) } else { Err(Distrust::Signature) }
}

/// The keys that a secret can mean; never an empty one.
fn keys(secret: &SecretString) -> Vec<Vec<u8>> {
    let text = secret.expose_secret().trim();
    let decoded = text.strip_prefix("whsec_").and_then(|rest| LENIENT.decode(rest).ok());
    let all = [Some(text.as_bytes().to_vec()), decoded];
    all.into_iter().flatten().filter(|key| !key.is_empty()).collect()
}

fn matches(key: &[u8], headers: Headers<'_>, body: &[u8], entry: &str) -> bool {
    let Some(claimed) = entry.strip_prefix("v1,").and_then(|text| LENIENT.decode(text).ok()) else { return false };
    signed(key, headers.id, headers.timestamp, body).verify_slice(&claimed).is_ok()
}

fn signed(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_795_280_826;
    const BODY: &[u8] = b"{\"type\":\"x\xff\"}";

    fn sign(key: &[u8], at: i64, body: &[u8]) -> String {
        format!("v1,{}", LENIENT.encode(signed(key, "id-1", &at.to_string(), body).finalize().into_bytes()))
    }

    fn check(secrets: &[&str], signature: &str, at: i64, body: &[u8]) -> Result<(), Distrust> {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        let timestamp = at.to_string();
        verify(&secrets, Headers { id: "id-1", timestamp: &timestamp, signature }, body, NOW)
    }

    const LEGACY: &str = "5f3c9a0e7b1d4c2f8a6e0d9b3c7f1e24";
    const POLAR_WHS: &str = "polar_whs_loopbackpeersecret0123456789";
    /// 24 bytes in base64.
    const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// 37 letters and digits, and a checksum.
    const WHSEC_LEGACY: &str = "whsec_kq7ZT0bYx3Wn9eLrUv5cAaHsD2mJfG8oPiE1B2x9Qf0";

    /// The secret is taken for this key, and only where it is configured.
    fn is_keyed_by(secret: &str, key: &[u8]) {
        let signature = sign(key, NOW, BODY);
        assert_eq!(check(&[secret], &signature, NOW, BODY), Ok(()));
        assert_eq!(check(&["some-other-secret"], &signature, NOW, BODY), Err(Distrust::Signature));
    }

    #[test]
    fn legacy() {
        is_keyed_by(LEGACY, LEGACY.as_bytes());
        let decoded = LENIENT.decode(LEGACY).unwrap();
        assert_eq!(
            check(&[LEGACY], &sign(&decoded, NOW, BODY), NOW, BODY),
            Err(Distrust::Signature),
            "it is no base64"
        );
    }

    #[test]
    fn polar_whs() {
        is_keyed_by(POLAR_WHS, POLAR_WHS.as_bytes());
        let bare = sign(&POLAR_WHS.as_bytes()["polar_whs_".len()..], NOW, BODY);
        assert_eq!(check(&[POLAR_WHS], &bare, NOW, BODY), Err(Distrust::Signature), "the prefix is part of the key");
    }

    #[test]
    fn whsec_standard() {
        is_keyed_by(STANDARD, &LENIENT.decode(&STANDARD[6..]).unwrap());
        let bare = sign(&STANDARD.as_bytes()[6..], NOW, BODY);
        assert_eq!(
            check(&[STANDARD], &bare, NOW, BODY),
            Err(Distrust::Signature),
            "the text without its prefix is no key"
        );
        for (secret, key) in [("whsec_AAECAwQ=", [0, 1, 2, 3, 4]), ("whsec_AAECAwQ", [0, 1, 2, 3, 4])] {
            assert_eq!(check(&[secret], &sign(&key, NOW, BODY), NOW, BODY), Ok(()), "padded or not");
        }
    }

    #[test]
    fn whsec_legacy() {
        // Whether what follows the prefix happens to be base64, as the third is, or cannot be, as the second.
        let no_base64 = &WHSEC_LEGACY[..6 + 37];
        assert!(LENIENT.decode(&no_base64[6..]).is_err());
        for secret in [WHSEC_LEGACY, no_base64, STANDARD] {
            is_keyed_by(secret, secret.as_bytes());
        }
    }

    #[test]
    fn empty() {
        let with_empty_key = sign(b"", NOW, BODY);
        for secrets in [&["whsec_"][..], &["whsec_=="], &[" "], &[""], &[]] {
            assert_eq!(check(secrets, &with_empty_key, NOW, BODY), Err(Distrust::Signature), "{secrets:?}");
        }
        for signature in ["", " ", "v1", "v1,", "v1, ", ","] {
            assert_eq!(check(&["k"], signature, NOW, BODY), Err(Distrust::Signature), "{signature:?}");
        }
        assert_eq!(check(&["k"], &sign(b"k", NOW, b""), NOW, b""), Ok(()), "an empty body is signed like any");
        assert_eq!(check(&["k"], &sign(b"k", NOW, b""), NOW, BODY), Err(Distrust::Signature));
    }

    #[test]
    fn truncated() {
        let whole = sign(POLAR_WHS.as_bytes(), NOW, BODY);
        for length in 0..whole.trim_end_matches('=').len() {
            assert_eq!(check(&[POLAR_WHS], &whole[..length], NOW, BODY), Err(Distrust::Signature), "{length}");
        }
        let cut = &POLAR_WHS[..POLAR_WHS.len() - 1];
        assert_eq!(check(&[cut], &whole, NOW, BODY), Err(Distrust::Signature), "a secret that was cut while copying");
        assert_eq!(check(&[POLAR_WHS], &whole, NOW, &BODY[..BODY.len() - 1]), Err(Distrust::Signature), "a cut body");
        assert_eq!(check(&[POLAR_WHS], whole.trim_end_matches('='), NOW, BODY), Ok(()), "padding says nothing");
    }

    #[test]
    fn rotated() {
        let [by_old, by_new] = [POLAR_WHS, STANDARD].map(|secret| sign(secret.as_bytes(), NOW, BODY));
        for both in [[STANDARD, POLAR_WHS], [POLAR_WHS, STANDARD]] {
            assert_eq!(check(&both, &by_old, NOW, BODY), Ok(()), "while both are configured");
            assert_eq!(check(&both, &by_new, NOW, BODY), Ok(()));
        }
        assert_eq!(check(&[STANDARD], &by_old, NOW, BODY), Err(Distrust::Signature), "once the old one is gone");
        assert_eq!(check(&[STANDARD], &by_new, NOW, BODY), Ok(()));
    }

    #[test]
    fn several_signatures_in_one_header() {
        let good = sign(b"new-secret", NOW, BODY);
        let [other, later] = [sign(b"another", NOW, BODY), good.replace("v1,", "v2,")];
        for several in [format!("{other} {good}"), format!("{good} {other}"), format!("v1,AAAA  v1a,x {other} {good} ")]
        {
            assert_eq!(check(&["old-secret", "new-secret"], &several, NOW, BODY), Ok(()), "{several}");
            assert_eq!(check(&["old-secret"], &several, NOW, BODY), Err(Distrust::Signature), "{several}");
        }
        for none in [later, format!("{other},{good}"), good.replace("v1,", "")] {
            assert_eq!(check(&["new-secret"], &none, NOW, BODY), Err(Distrust::Signature), "{none}");
        }
    }

    #[test]
    fn body_with_invalid_utf8() {
        assert!(String::from_utf8(BODY.to_vec()).is_err());
        assert_eq!(
            check(&["k"], &sign(b"k", NOW, BODY), NOW, BODY),
            Ok(()),
            "the bytes are signed, whatever they mean"
        );
        let replaced = String::from_utf8_lossy(BODY).into_owned();
        assert_eq!(check(&["k"], &sign(b"k", NOW, BODY), NOW, replaced.as_bytes()), Err(Distrust::Signature));
    }

    #[test]
    fn the_time_window_is_five_minutes_both_ways() {
        for (at, verdict) in
            [(-300, Ok(())), (300, Ok(())), (-301, Err(Distrust::Timestamp)), (301, Err(Distrust::Timestamp))]
        {
            assert_eq!(check(&["k"], &sign(b"k", NOW + at, BODY), NOW + at, BODY), verdict);
        }
        let headers = |id, timestamp| verify(&["k".into()], Headers { id, timestamp, signature: "v1,x" }, BODY, NOW);
        assert_eq!(headers("id-1", "soon"), Err(Distrust::Timestamp));
        assert_eq!(headers("id-1", "+1795280826"), Err(Distrust::Timestamp));
        assert_eq!(headers("", "1795280826"), Err(Distrust::Headers));
    }

    proptest! {
        #[test]
        fn nothing_changed_is_believed(body in prop::collection::vec(any::<u8>(), 1..64), place in any::<prop::sample::Index>()) {
            let signature = sign(b"secret", NOW, &body);
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= 1;
            prop_assert_eq!(check(&["secret"], &signature, NOW, &body), Ok(()));
            prop_assert_eq!(check(&["secret"], &signature, NOW, &changed), Err(Distrust::Signature));
        }

        #[test]
        fn garbage_is_refused_without_panic(signature in "\\PC*", timestamp in "\\PC*", id in "\\PC*") {
            let headers = Headers { id: &id, timestamp: &timestamp, signature: &signature };
            prop_assert!(verify(&["secret".into()], headers, BODY, NOW).is_err());
        }
    }
}
