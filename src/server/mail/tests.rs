//! What travels: headers that nothing can be smuggled into, two parts that say the same, and settings that are refused.

use super::*;
use crate::model::letter::{AccountLetter, BillingLetter, Letter};

fn mailer(from: Option<&str>) -> Mailer {
    let settings = Settings { smtp_url: None, from, folder: None, host: "127.0.0.1" };
    Mailer::of(&settings).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn sent(to: &str, words: &Words) -> Result<String, Undelivered> {
    let mailer = mailer(Some("Boreal <shop@example.org>"));
    let draft = Draft { id: "0192", to, at: 1_795_280_822_000, words };
    Ok(String::from_utf8(mailer.message(&draft)?.formatted()).expect("text"))
}

fn of(letter: impl Into<Letter>) -> Words {
    words(&letter.into(), &Links { origin: "https://shop.example.org", key: Some("KEY") })
}

#[test]
fn a_message_has_its_id_its_time_and_two_parts() {
    let message = sent("ann@example.org", &of(AccountLetter::ResetPassword)).unwrap();
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Message-ID: <0192@example.org>\r\n"), "{head}");
    assert!(
        head.contains("From: \"Boreal\" <shop@example.org>\r\n") || head.contains("From: Boreal <shop@example.org>")
    );
    assert!(
        head.contains("To: ann@example.org\r\n") && head.contains("Date: Sat, 21 Nov 2026 17:07:02 +0000"),
        "{head}"
    );
    assert!(head.contains("Auto-Submitted: auto-generated") && head.contains("multipart/alternative"), "{head}");
    let (plain, html) = (body.find("text/plain").unwrap(), body.find("text/html").unwrap());
    assert!(plain < html && body.contains("https://shop.example.org/reset/new?key=3DKEY"), "{body}");
}

#[test]
fn nothing_that_somebody_typed_begins_a_header() {
    let evil = "Pro\r\nBcc: eve@example.org\r\n\r\n<script>";
    let message =
        sent("ann@example.org", &of(BillingLetter::Ended { plan: evil.to_owned(), sells_more: false })).unwrap();
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
    assert_eq!(head.lines().filter(|line| line.starts_with("Subject:")).count(), 1);
    assert!(!message.contains("<script>\n") && message.contains("&lt;script&gt;"), "{message}");
    for to in ["ann@example.org\r\nBcc: eve@example.org", "ann@example.org, eve@example.org", "<ann@example.org>", ""] {
        assert!(matches!(sent(to, &of(BillingLetter::TwoSubscriptions)), Err(Undelivered::Never(_))), "{to:?}");
    }
}

#[test]
fn settings_that_cannot_work_are_told_without_the_password() {
    let mistakes = |url: &str, from: Option<&str>| {
        let url = SecretString::from(url);
        Mailer::of(&Settings { smtp_url: Some(&url), from, folder: None, host: "shop.example.org" })
            .err()
            .unwrap_or_default()
            .join(" ")
    };
    let from = Some("shop@example.org");
    assert_eq!(mistakes("smtps://u:SECRET@mail.example.org", from), "");
    assert_eq!(mistakes("smtp://u:SECRET@mail.example.org?tls=required", from), "");
    assert_eq!(mistakes("smtp://127.0.0.1:2525", from), "");
    assert!(mistakes("smtp://127.0.0.1:2525", None).contains("BOREAL_MAIL_FROM is missing"));
    assert!(mistakes("smtp://127.0.0.1:2525", Some("shop")).contains("must be an address"));
    for wrong in ["smtp://u:SECRET@mail.example.org", "smtp://u:SECRET@mail.example.org?tls=opportunistic"] {
        assert!(mistakes(wrong, from).contains("unencrypted"));
    }
    for wrong in ["SECRET", "http://u:SECRET@mail.example.org?tls=required", "smtps://", "smtp://h?tls=SECRET"] {
        let told = mistakes(wrong, from);
        assert!(told.contains("BOREAL_SMTP_URL") && !told.contains("SECRET"), "{wrong}: {told}");
    }
}

#[tokio::test]
async fn without_a_mail_server_mail_waits_and_in_development_it_is_kept() {
    let words = of(AccountLetter::VerifyAddress);
    let draft = Draft { id: "0192", to: "ann@example.org", at: 7, words: &words };
    let nowhere = mailer(None);
    assert!(nowhere.is_nowhere() && nowhere.kept().await.is_none());
    assert!(matches!(nowhere.deliver(&draft).await, Err(Undelivered::Later(_))));

    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { smtp_url: None, from: None, folder: Some(folder.path()), host: "127.0.0.1" };
    let mailer = Mailer::of(&settings).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    for _ in 0..2 {
        mailer.deliver(&draft).await.unwrap();
    }
    let kept = mailer.kept().await.unwrap();
    assert_eq!(kept.len(), 1, "the same mail is the same file");
    assert_eq!((kept[0].to.as_str(), kept[0].at), ("ann@example.org", 7));
    assert!(kept[0].text.contains("/verify?key=KEY"));
    assert!(std::fs::read_to_string(folder.path().join("0192.eml")).unwrap().contains("Message-ID: <0192@"));
}
