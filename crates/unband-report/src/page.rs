//! Self-contained HTML report.

use std::fmt::Write;

use unband_image::{Context, Image};

use super::display_image::{rgb, uri};
use super::fill::{escape, fill, policy};
use super::profile::same_size;
use super::spots::part;
use super::table::{Column, Listing, MetricRow, listing, metric_table, metric_table_by_image};
use super::{DisplayImage, HeatMap, Line, Profile, Series, ShowError, Stretch, heat_color, segments};
use super::{Spot, stretched, worst_spots};
use unband::verdict::Grade;

/// An image in a section, with its map of banding.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its label: a file name.
    pub name: &'a str,
    /// The image.
    pub image: &'a Image,
    /// Its banding map; without one the page has no map button.
    pub map: Option<&'a HeatMap>,
}

/// Section of a page about one image, or about an image before and after.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Heading, unique on the page.
    pub title: &'a str,
    /// The image, or the source of a repair.
    pub input: Side<'a>,
    /// The results; several are labelled by name and shown next to each other, the first one in the profile.
    pub results: &'a [Side<'a>],
    /// The reference.
    pub reference: Option<Side<'a>>,
    /// The verdict, as a sentence.
    pub verdict: &'a str,
    /// Level of the verdict.
    pub level: Grade,
    /// The columns of the table, in the order of [`MetricRow::values`].
    pub columns: &'a [Column],
    /// The table.
    pub metrics: &'a [MetricRow],
    /// The line of the profile; [`Line::worst`] of the input when not given.
    pub line: Option<Line>,
}

/// A self-contained page: add sections, then get the HTML.
///
/// Images above [`Page::LONGEST`] pixels are shown reduced, the worst places always pixel by pixel. A section
/// keeps only its HTML, so a page about many images needs memory for one pair at a time.
///
/// Source: papers on debanding print the same comparisons, by a split and by a map, side by side. The curve
/// colours are those of Okabe and Ito, which are safe for colour-blind readers.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    sections: String,
    contents: String,
    count: usize,
    /// Sections that were not added because the page would be too large.
    omitted: usize,
    longest: usize,
}

const PAGE: &str = concat!(include_str!("head.html"), include_str!("page.html"));
const SECTION: &str = include_str!("section.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Number of worst places in a section.
const SPOTS: usize = 3;
/// Longest side of a map layer: it is smooth, and scaled up.
const LAYER: usize = 480;
/// Longest side of an image in the table of contents.
const THUMBNAIL: usize = 96;
/// Size limit of a PNG in bytes; above it, all images of the section become JPEGs of this quality.
const MOST_BYTES: usize = 3 << 20;
const QUALITY: u8 = 95;

impl Page {
    /// Default longest side of an image on the page, in pixels; see [`Page::longest`].
    pub const LONGEST: usize = 1280;
    /// Bytes of the largest page with more than one section: browsers need several times as much memory.
    pub const MOST: usize = 128 << 20;

    /// A page without sections.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            sections: String::new(),
            contents: String::new(),
            count: 0,
            omitted: 0,
            longest: Self::LONGEST,
        }
    }

    /// Limits images to this many pixels a side. The page's size grows with its square.
    #[must_use]
    pub fn longest(mut self, pixels: usize) -> Self {
        self.longest = pixels.max(16);
        self
    }

    /// Adds a section.
    ///
    /// # Errors
    /// As [`SectionHtml::new`]. The page then stays unchanged.
    pub fn add(&mut self, section: &Section<'_>, ctx: &Context<'_>) -> Result<(), ShowError> {
        self.put(&SectionHtml::new(section, self.longest, ctx)?);
        Ok(())
    }

    /// Adds a section drawn earlier, perhaps on another thread. Once one does not fit into [`Page::MOST`]
    /// bytes, no other is added, and the page says so.
    pub fn put(&mut self, section: &SectionHtml) {
        let full = self.count > 0 && self.sections.len() + section.bytes() > Self::MOST;
        if full || self.omitted > 0 {
            self.omitted += 1;
            return;
        }
        let id = format!("s{}", self.count + 1);
        let mut parts = vec![("id", id.as_str())];
        parts.extend(section.parts.iter().map(|(name, html)| (*name, html.as_str())));
        self.sections.push_str(&fill(SECTION, &parts));
        let [(_, title), _, (_, level), ..] = &section.parts;
        let _ = writeln!(
            self.contents,
            "<li><a href=\"#{id}\"><img alt=\"\" src=\"{}\">{title} <span class=\"mark {level}\">{}</span></a></li>",
            section.thumbnail,
            if level == "none" { "no banding" } else { level.as_str() }
        );
        self.count += 1;
    }

    /// Number of sections that were not added because the page would be too large.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Counts sections that were not drawn because the page would be too large.
    pub fn omit(&mut self, sections: usize) {
        self.omitted += sections;
    }

    /// Adds a separate table.
    pub fn list(&mut self, table: &Listing) {
        let id = format!("s{}", self.count + 1);
        self.sections.push_str(&listing(table, &id));
        let _ = writeln!(self.contents, "<li><a href=\"#{id}\">{}</a></li>", escape(&table.title));
        self.count += 1;
    }

    /// Adds a table above everything else.
    pub fn lead(&mut self, table: &Listing) {
        let id = format!("s{}", self.count + 1);
        self.sections.insert_str(0, &listing(table, &id));
        self.contents.insert_str(0, &format!("<li><a href=\"#{id}\">{}</a></li>\n", escape(&table.title)));
        self.count += 1;
    }

    /// The HTML. Two or more sections get a table of contents.
    pub fn html(&self) -> String {
        let mut contents = if self.count > 1 {
            format!("<nav aria-label=\"Images\"><ol>\n{}</ol></nav>", self.contents)
        } else {
            String::new()
        };
        if self.omitted > 0 {
            let (more, most) = (self.omitted, Self::MOST >> 20);
            let _ = write!(contents, "<p>{more} more not shown: a page has at most {most} MiB.</p>");
        }
        fill(
            PAGE,
            &[
                ("policy", &policy(PAGE, SCRIPT)),
                ("title", &escape(&self.title)),
                ("style", STYLE),
                ("contents", &contents),
                ("sections", &self.sections),
                ("version", env!("CARGO_PKG_VERSION")),
                ("script", SCRIPT),
            ],
        )
    }
}

/// A section as HTML, independent of its position on a page. It contains only images for display.
#[derive(Clone, Debug)]
pub struct SectionHtml {
    /// Template values: title first, the level of the verdict third.
    parts: [(&'static str, String); 7],
    /// The thumbnail, as a data URI.
    thumbnail: String,
}

impl SectionHtml {
    /// Its size on a page.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.1.len()).sum::<usize>() + self.thumbnail.len()
    }

    /// Draws a section. `longest`: maximum side of images, in pixels; [`Page::LONGEST`] is a good choice.
    ///
    /// # Errors
    /// When images differ in size, or planes do not fit their model.
    pub fn new(section: &Section<'_>, longest: usize, ctx: &Context<'_>) -> Result<Self, ShowError> {
        let all = Shown::all(section);
        for shown in &all {
            unband::check_planes(shown.side.image)?;
        }
        let tabled = if section.results.len() > 1 { metric_table_by_image } else { metric_table };
        same_size(all.iter().map(|s| (s.side.name, s.side.image)))?;
        let image = section.input.image;
        let places = section
            .input
            .map
            .map_or(Vec::new(), |map| worst_spots(map, (image.width(), image.height()), SPOTS, Spot::SIDE));
        let parts = [
            ("title", escape(section.title)),
            ("verdict", escape(section.verdict)),
            ("level", section.level.as_str().to_owned()),
            ("stage", stage(&all, &places, longest, ctx)?),
            ("spots", spots(&all, &places, ctx)?),
            ("profile", profile(section, &all)?),
            ("metrics", tabled(section.metrics, section.columns)),
        ];
        let thumbnail = DisplayImage::at_most(THUMBNAIL, section.input.image, ctx)?;
        Ok(Self { parts, thumbnail: uri("image/jpeg", &thumbnail.jpeg(QUALITY)?) })
    }
}

/// The images, stacked.
fn stage(all: &[Shown<'_>], places: &[Spot], longest: usize, ctx: &Context<'_>) -> Result<String, ShowError> {
    let image = all[0].side.image;
    let size = (image.width(), image.height());
    let images = all
        .iter()
        .map(|shown| DisplayImage::at_most(longest, shown.side.image, ctx))
        .collect::<Result<Vec<_>, _>>()?;
    let (files, kind) = files(&images)?;
    let (width, height) = (images[0].width, images[0].height);
    let mut out = format!(
        "<div class=\"stage\" data-at=\"50\" style=\"aspect-ratio:{width}/{height};--ratio:{:.4};--own:{width}px;--pivot:{:.3}\">\n",
        width as f64 / height as f64,
        pivot(&images[0], size.0, size.1, places.first())
    );
    for (i, (shown, file)) in all.iter().zip(&files).enumerate() {
        let (role, name) = (escape(shown.role), escape(shown.side.name));
        let hidden = if i > 1 { " hidden" } else { "" };
        let after = if i > 0 { " after" } else { "" };
        let src = uri(kind, file);
        let _ = write!(
            out,
            "<div class=\"side{after}\" data-role=\"{role}\"{hidden}><img alt=\"{role}: {name}\" \
                 width=\"{width}\" height=\"{height}\" src=\"{src}\">"
        );
        if let Some(map) = shown.side.map {
            let layer = layer(map, size)?;
            let _ = write!(out, "<img class=\"heat\" alt=\"Banding map of {name}\" hidden src=\"{layer}\">");
        }
        let _ = writeln!(out, "<span class=\"tag\" aria-hidden=\"true\">{role}</span></div>");
    }
    if all.len() > 1 {
        out.push_str(
            "<span class=\"divider\" aria-hidden=\"true\"></span>\
                 <input class=\"slider\" type=\"range\" min=\"0\" max=\"100\" step=\"1\" value=\"50\" \
                 aria-label=\"Position of the divider between before and after, in percent\">\n",
        );
    }
    out.push_str("</div>\n");
    controls(all, &mut out);
    out.push_str("</div>\n<p class=\"note\">");
    let name = |shown: &Shown<'_>| {
        let Shown { role, side } = shown;
        let called = if *role == side.name { String::new() } else { format!("{role} ") };
        format!("{called}<b><bdi>{}</bdi></b> ({})", escape(side.name), side.image.depth)
    };
    let names: Vec<String> = all.iter().map(name).collect();
    let _ = write!(out, "{}; {} × {} pixels", names.join(", "), size.0, size.1);
    if width != size.0 {
        let _ = write!(out, ", shown at {width} × {height}");
    }
    if kind == "image/jpeg" {
        let _ = write!(out, ", as JPEG of quality {QUALITY}");
    }
    out.push_str(".</p>\n");
    Ok(out)
}

/// Contrast, banding map, difference, and the image at the right.
fn controls(all: &[Shown<'_>], out: &mut String) {
    out.push_str(
        "<div class=\"controls\"><label>contrast <input class=\"contrast\" type=\"range\" min=\"1\" max=\"16\" \
             step=\"0.5\" value=\"1\"></label>",
    );
    if all.iter().any(|shown| shown.side.map.is_some()) {
        let scale: Vec<String> = (0..=8)
            .map(|i| {
                let [r, g, b] = heat_color(i as f32 / 8.0);
                format!("#{r:02x}{g:02x}{b:02x}")
            })
            .collect();
        let _ = write!(
            out,
            "<button type=\"button\" class=\"toggle\" aria-pressed=\"false\">Banding map</button>\
                 <span class=\"scale\">low <i style=\"background:linear-gradient(to right,{})\"></i> high</span>",
            scale.join(",")
        );
    }
    if all.len() > 1 {
        out.push_str(
            "<button type=\"button\" class=\"difference\" aria-pressed=\"false\">Difference</button>",
        );
    }
    if all.len() > 2 {
        out.push_str("<label>right side <select class=\"right\">");
        for shown in &all[1..] {
            let _ = write!(out, "<option>{}</option>", escape(shown.role));
        }
        out.push_str("</select></label>");
    }
}

/// Mean of an image in the place with most banding, 0 to 1: the contrast control amplifies the distance from
/// it.
fn pivot(image: &DisplayImage, width: usize, height: usize, worst: Option<&Spot>) -> f64 {
    let (x, y, w, h) = worst.map_or((0, 0, width, height), |s| (s.x, s.y, s.width, s.height));
    let (mut sum, mut count) = (0.0, 0.0);
    for row in y * image.height / height..((y + h) * image.height).div_ceil(height) {
        for column in x * image.width / width..((x + w) * image.width).div_ceil(width) {
            sum += image.at(column, row).map(f64::from).iter().sum::<f64>();
            count += 3.0 * 255.0;
        }
    }
    // The CSS divides by it.
    (sum / count).clamp(0.02, 1.0)
}

/// An image of a section and its role.
struct Shown<'a> {
    role: &'a str,
    side: Side<'a>,
}

impl<'a> Shown<'a> {
    fn all(section: &Section<'a>) -> Vec<Self> {
        let first = match (section.results, section.reference) {
            ([_, ..], _) => "input",
            ([], Some(_)) => "result",
            ([], None) => "image",
        };
        let result = |side: &Side<'a>| {
            let role = if section.results.len() == 1 { "result" } else { side.name };
            Self { role, side: *side }
        };
        let reference = section.reference.map(|side| Self { role: "reference", side });
        let first = Self { role: first, side: section.input };
        std::iter::once(first).chain(section.results.iter().map(result)).chain(reference).collect()
    }
}

/// The images as files of one format: PNG, or JPEG if any would be too large.
fn files(images: &[DisplayImage]) -> Result<(Vec<Vec<u8>>, &'static str), ShowError> {
    let mut files = Vec::with_capacity(images.len());
    for image in images {
        let file = image.png()?;
        if file.len() > MOST_BYTES && u16::try_from(image.width.max(image.height)).is_ok() {
            let files: Result<_, _> = images.iter().map(|p| p.jpeg(QUALITY)).collect();
            return Ok((files?, "image/jpeg"));
        }
        files.push(file);
    }
    Ok((files, "image/png"))
}

/// A map as a layer over an image of `size` pixels.
fn layer(map: &HeatMap, size: (usize, usize)) -> Result<String, ShowError> {
    let side = size.0.max(size.1);
    let to = |n: usize| if side <= LAYER { n } else { (n * LAYER).div_ceil(side).max(1) };
    let (width, height) = (to(size.0), to(size.1));
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&map.layer(size, width, height))?;
    writer.finish()?;
    Ok(uri("image/png", &file))
}

/// Explanation of the images of places.
const PLACES: &str = "To make bands easy to see, the local mean colour is subtracted from these images, and the rest \
    is shown with more contrast, around mid-grey. They do not show how strong the bands look.";

/// The worst places of the input, shown in all images.
fn spots(all: &[Shown<'_>], found: &[Spot], ctx: &Context<'_>) -> Result<String, ShowError> {
    if found.is_empty() {
        return Ok("<p class=\"note\">No worst places: the map is empty.</p>\n".to_owned());
    }
    // YUV is converted once, not for each place.
    let images = all.iter().map(|s| rgb(s.side.image, ctx)).collect::<Result<Vec<_>, _>>()?;
    let mut out =
        format!("<p class=\"note\">{PLACES}</p>\n<div class=\"places\" style=\"--crops:{}\">\n", all.len());
    for (i, spot) in found.iter().enumerate() {
        let stretch = Stretch::new(&images[0], spot, ctx)?;
        let Spot { x, y, width, height, .. } = *spot;
        let (n, gain) = (i + 1, stretch.gain());
        let _ = writeln!(
            out,
            "<article><h4>Place {n}: {width}×{height} at {x}, {y}; local mean removed, contrast ×{gain:.1}</h4>\n\
             <div class=\"crops\">"
        );
        for (shown, image) in all.iter().zip(&images) {
            let src = stretched(image, spot, &stretch, ctx)?.png_uri()?;
            crop(&mut out, shown.role, &format!("place {n}, more contrast"), &src, width, height);
        }
        out.push_str("</div>\n<details><summary>Regions of equal colour</summary><div class=\"crops\">\n");
        for (shown, image) in all.iter().zip(&images) {
            let regions = segments(&part(image, spot, ctx)?, 0)?;
            let src = regions.image(0).png_uri()?;
            let role = format!("{}: {} regions", shown.role, regions.count);
            crop(&mut out, &role, &format!("regions of equal colour in place {n}"), &src, width, height);
        }
        out.push_str("</div></details></article>\n");
    }
    out.push_str("</div>\n");
    Ok(out)
}

fn crop(out: &mut String, caption: &str, what: &str, src: &str, width: usize, height: usize) {
    let caption = escape(caption);
    let _ = writeln!(
        out,
        "<figure><img alt=\"{caption}, {what}\" width=\"{width}\" height=\"{height}\" src=\"{src}\">\
         <figcaption>{caption}</figcaption></figure>"
    );
}

/// The profile, once for wide screens and once for narrow ones: text must not shrink.
fn profile(section: &Section<'_>, all: &[Shown<'_>]) -> Result<String, ShowError> {
    let line = section.line.unwrap_or_else(|| {
        let empty = HeatMap::empty();
        Line::worst(section.input.image, section.input.map.unwrap_or(&empty))
    });
    // More than three curves hide each other.
    let few = all.iter().enumerate().filter(|(i, shown)| *i < 2 || shown.role == "reference");
    let series: Vec<Series<'_>> = few.map(|(_, shown)| Series::new(shown.role, shown.side.image)).collect();
    let profile = Profile::along(line, &series)?;
    let (wide, narrow) = (profile.svg(960)?, profile.svg(400)?);
    Ok(format!("<div class=\"wide\">{wide}</div><div class=\"narrow\">{narrow}</div>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_it_would_be_too_large() {
        let section = |bytes: usize| SectionHtml {
            parts: [
                ("title", "x".repeat(bytes)),
                ("verdict", String::new()),
                ("level", "none".to_owned()),
                ("stage", String::new()),
                ("spots", String::new()),
                ("profile", String::new()),
                ("metrics", String::new()),
            ],
            thumbnail: String::new(),
        };
        let mut page = Page::new("Large");
        // The first is shown however large it is.
        for (bytes, shown, omitted) in [(Page::MOST, 1, 0), (1 << 10, 1, 1), (1, 1, 2)] {
            page.put(&section(bytes));
            assert_eq!((page.count, page.omitted()), (shown, omitted));
        }
        assert!(page.html().contains("2 more not shown: a page has at most 128 MiB."));
        let mut page = Page::new("Small");
        (0..3).for_each(|_| page.put(&section(1 << 10)));
        assert!((page.count, page.omitted()) == (3, 0) && !page.html().contains("not shown"));
    }
}
