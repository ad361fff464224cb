//! Which signatures open the door for webhooks, and that nothing is stored of what they do not open it for. Each rule has
//! unit tests beside it; here they are seen through HTTP, on a server with several secrets.

use super::{
    engine::Database,
    shop::{Shop, build, config, signed},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use boreal::server::db::Reader;
use tokio::sync::oneshot;

const LEGACY: &str = "5f3c9a0e7b1d4c2f8a6e0d9b3c7f1e24";
const POLAR_WHS: &str = "polar_whs_loopbackpeersecret0123456789";
const WHSEC_STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WHSEC_LEGACY: &str = "whsec_kq7ZT0bYx3Wn9eLrUv5cAaHsD2mJfG8oPiE1B2x9Qf0";
const PREVIOUS: &str = "polar_whs_theonethatwasbeforethepresentone";
const RETIRED: &str = "polar_whs_theonethatwasbeforetheprevious";
const BODY: &[u8] = br#"{"type":"moon.risen","data":{"id":"m"}}"#;
const NO_TEXT: &[u8] = b"{\"type\":\"moon.risen\",\"data\":{\"id\":\"\xff\xfe\"}}";

/// One delivery: what it is about, the key, the body, what becomes of the signature on the way, and whether it is believed.
type Case = (&'static str, Vec<u8>, &'static [u8], fn(String) -> String, bool);

fn whole(signature: String) -> String {
    signature
}

fn cases() -> Vec<Case> {
    let decoded = STANDARD.decode(&WHSEC_STANDARD["whsec_".len()..]).expect("base64");
    let bare = &POLAR_WHS["polar_whs_".len()..];
    vec![
        ("legacy", LEGACY.into(), BODY, whole, true),
        ("polar_whs_", POLAR_WHS.into(), BODY, whole, true),
        ("polar_whs_ without its prefix", bare.into(), BODY, whole, false),
        ("whsec_ standard", decoded, BODY, whole, true),
        ("whsec_ legacy", WHSEC_LEGACY.into(), BODY, whole, true),
        ("an empty key", Vec::new(), BODY, whole, false),
        ("an empty signature", LEGACY.into(), BODY, |_| String::new(), false),
        ("an empty body", LEGACY.into(), b"", whole, true),
        ("a truncated signature", LEGACY.into(), BODY, |signature| signature[..24].to_owned(), false),
        ("a truncated secret", LEGACY[..31].into(), BODY, whole, false),
        ("rotated, by the previous secret", PREVIOUS.into(), BODY, whole, true),
        ("rotated, by one before that", RETIRED.into(), BODY, whole, false),
        ("several signatures, the last is right", LEGACY.into(), BODY, |good| format!("v1,AAAA v2,x {good}"), true),
        ("several signatures, the first is right", LEGACY.into(), BODY, |good| format!("{good} v1,AAAA"), true),
        ("several signatures, none is right", RETIRED.into(), BODY, |other| format!("v1,AAAA {other}"), false),
        ("a signature of another version", LEGACY.into(), BODY, |good| good.replace("v1,", "v2,"), false),
        ("a body with invalid UTF-8", LEGACY.into(), NO_TEXT, whole, true),
        ("a body with invalid UTF-8, forged", RETIRED.into(), NO_TEXT, whole, false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_believes_and_stores_just_what_is_signed() {
    let shop = Shop::open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let secrets = [POLAR_WHS, PREVIOUS, WHSEC_STANDARD, WHSEC_LEGACY, LEGACY].join(",");
    let polar = ["--polar-token", &shop.polar.token, "--polar-webhook-secrets", &secrets];
    let more = [&polar[..], &["--polar-api-base", &shop.polar.origin]].concat();
    let server = build(config(&database.url, &folder.path().join("unused.json"), &more)).await.expect("it starts");
    let (state, door) = (server.state(), format!("http://{}/webhooks/polar", server.addr()));
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.run(async { drop(stopped.await) }));

    for (place, (what, key, body, change, believed)) in cases().into_iter().enumerate() {
        let id = format!("delivery-{place}");
        let mut request = shop.http.post(&door).body(body);
        for (name, value) in signed(key, &id, state.clock.wall() / 1000, body) {
            request = request.header(name, if name == "webhook-signature" { change(value) } else { value });
        }
        let status = request.send().await.expect("an answer").status().as_u16();
        assert_eq!(status, if believed { 202 } else { 403 }, "{what}");
        let stored = state.db.read("SELECT body FROM inbox WHERE webhook_id = $1").bind(&id);
        let stored: Vec<(Vec<u8>,)> = stored.all().await.expect("rows");
        let wanted: Vec<(Vec<u8>,)> = if believed { vec![(body.to_vec(),)] } else { Vec::new() };
        assert_eq!(stored, wanted, "{what}: stored byte for byte, or not at all");
    }
    stop.send(()).expect("it still runs");
    served.await.expect("no panic").expect("no failure of the socket");
    database.remove().await;
    shop.close().await;
}
