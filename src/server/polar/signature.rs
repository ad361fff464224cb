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

/// Why a delivery is not believed; the label of its counter.
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

    #[test]
    fn both_derivations_of_a_key_are_accepted() {
        let whole = "polar_whs_loopbackpeersecret0123456789";
        assert_eq!(check(&[whole], &sign(whole.as_bytes(), NOW, BODY), NOW, BODY), Ok(()));
        let standard = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let decoded = LENIENT.decode(&standard[6..]).unwrap();
        assert_eq!(check(&[standard], &sign(&decoded, NOW, BODY), NOW, BODY), Ok(()));
        assert_eq!(check(&[standard], &sign(standard.as_bytes(), NOW, BODY), NOW, BODY), Ok(()));
    }

    #[test]
    fn a_second_secret_and_several_signatures_bridge_a_rotation() {
        let several = format!("v1,AAAA v2,x {}", sign(b"new-secret", NOW, BODY));
        assert_eq!(check(&["old-secret", "new-secret"], &several, NOW, BODY), Ok(()));
        assert_eq!(check(&["old-secret"], &several, NOW, BODY), Err(Distrust::Signature));
    }

    #[test]
    fn an_empty_key_never_fits() {
        let empty = sign(b"", NOW, BODY);
        for secrets in [&["whsec_"][..], &[""], &[]] {
            assert_eq!(check(secrets, &empty, NOW, BODY), Err(Distrust::Signature));
        }
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
