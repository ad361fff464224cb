//! A QR code as SVG: one path of dark modules on a light ground, with the quiet zone around it that readers need.

use super::texts::LONGEST;
use qrcode::{
    Color, EcLevel, QrCode, Version,
    bits::Bits,
    types::{QrError, QrResult},
};
use std::fmt::Write;

/// So many modules around the code stay light.
const QUIET: usize = 4;

/// The mark of UTF-8 among the character sets that a code can name.
const UTF_8: u32 = 26;

/// One code, as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawing {
    /// Modules a side, the quiet zone included.
    pub(super) side: usize,
    /// The dark modules: what an SVG path is made of.
    pub(super) path: String,
}

/// Draws the code of a text that [`super::texts`] let pass.
pub(super) fn draw(text: &str) -> Drawing {
    let code = code(text).unwrap_or_else(|why| panic!("{LONGEST} characters fit into a code: {why}"));
    Drawing { side: code.width() + 2 * QUIET, path: path(&code) }
}

/// A file of its own, which says what it is and what it holds.
pub(super) fn file(text: &str) -> String {
    let Drawing { side, path } = draw(text);
    let title = html_escape::encode_text(text);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {side} {side}\" width=\"512\" height=\"512\" \
         shape-rendering=\"crispEdges\"><title>QR code: {title}</title><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>\n"
    )
}

fn code(text: &str) -> QrResult<QrCode> {
    if text.is_ascii() {
        return QrCode::with_error_correction_level(text, EcLevel::M);
    }
    // Some UTF-8 looks like Japanese in another encoding: said plainly, no reader has to guess.
    let mut sizes = (1..=40).map(Version::Normal);
    sizes.find_map(|size| utf_8(text, size).ok()).ok_or(QrError::DataTooLong)
}

fn utf_8(text: &str, size: Version) -> QrResult<QrCode> {
    let mut bits = Bits::new(size);
    bits.push_eci_designator(UTF_8)?;
    bits.push_byte_data(text.as_bytes())?;
    bits.push_terminator(EcLevel::M)?;
    QrCode::with_bits(bits, EcLevel::M)
}

/// Each run of dark modules in a row as a rectangle, beginning where the one before began.
fn path(code: &QrCode) -> String {
    let (mut path, mut at) = (String::new(), (0, 0));
    for y in 0..code.width() {
        let mut x = 0;
        while x < code.width() {
            let long = (x..code.width()).take_while(|x| code[(*x, y)] == Color::Dark).count();
            if long > 0 {
                let (column, row) = (x + QUIET, y + QUIET);
                let (right, down) = (column.cast_signed() - at.0, row.cast_signed() - at.1);
                write!(path, "m{right} {down}h{long}v1h-{long}z").expect("a text takes what is written");
                at = (column.cast_signed(), row.cast_signed());
            }
            x += long.max(1);
        }
    }
    path
}

#[cfg(test)]
mod tests;
