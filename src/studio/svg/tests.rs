//! What is drawn is what the encoder says, and a reader reads it.

use super::*;
use rqrr::PreparedImage;

/// The dark modules of a drawing, read from its path alone.
fn painted(drawing: &Drawing) -> Vec<Vec<bool>> {
    let mut dark = vec![vec![false; drawing.side]; drawing.side];
    let (mut x, mut y) = (0isize, 0isize);
    for run in drawing.path.split('m').skip(1) {
        let (moved, drawn) = run.split_once('h').expect("a line");
        let (right, down) = moved.split_once(' ').expect("two numbers");
        x += right.parse::<isize>().expect("a number");
        y += down.parse::<isize>().expect("a number");
        let long: usize = drawn.split('v').next().expect("a length").parse().expect("a number");
        assert_eq!(drawn, format!("{long}v1h-{long}z"));
        let (x, y) = (x.cast_unsigned(), y.cast_unsigned());
        dark[y][x..x + long].iter_mut().for_each(|module| *module = true);
    }
    dark
}

/// What a reader finds in a drawing.
fn read(drawing: &Drawing) -> String {
    let (dark, scale) = (painted(drawing), 4);
    let wide = drawing.side * scale;
    let shade = |x: usize, y: usize| if dark[y / scale][x / scale] { 0 } else { 255 };
    let mut picture = PreparedImage::prepare_from_greyscale(wide, wide, shade);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one code is seen");
    let mut bytes = Vec::new();
    grids[0].decode_to(&mut bytes).expect("it can be read");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn every_module_is_drawn_where_it_is() {
    for text in ["a", "https://example.org/?a=b&c=d", "Zürich, 50 €"] {
        let (drawing, code) = (draw(text), code(text).unwrap());
        let dark = painted(&drawing);
        assert_eq!(drawing.side, code.width() + 8);
        for (y, row) in dark.iter().enumerate() {
            for (x, module) in row.iter().enumerate() {
                let inside = (QUIET..drawing.side - QUIET).contains(&x) && (QUIET..drawing.side - QUIET).contains(&y);
                let wanted = inside && code[(x - QUIET, y - QUIET)] == Color::Dark;
                assert_eq!(*module, wanted, "{text}: {x} {y}");
            }
        }
    }
}

#[test]
fn a_reader_reads_what_was_typed() {
    for text in ["https://example.org/a?b=c", "0123456789", "line one\nline two", "Grüße, 雪国 — 👩\u{200d}💻", "ﾃｽﾄ"]
    {
        assert_eq!(read(&draw(text)), text);
    }
}

#[test]
fn the_longest_text_of_the_widest_characters_fits() {
    for letter in ["a", "ß", "雪", "👩"] {
        let text = letter.repeat(LONGEST);
        assert_eq!(read(&draw(&text)), text);
    }
}

#[test]
fn a_file_stands_alone_and_no_text_becomes_markup() {
    let file = file("</title><script>alert(1)</script>&");
    assert!(file.starts_with("<svg xmlns=") && file.contains("<title>QR code: &lt;/title&gt;&lt;script&gt;"), "{file}");
    assert!(!file.contains("<script"));
}
