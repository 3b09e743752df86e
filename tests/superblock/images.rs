// SPDX-License-Identifier: GPL-2.0

//! The images in tests/data/superblock, and what mdadm says of them.

use raid1_rs::superblock::{
    Error,
    Format,
    Minor,
    Sector,
    Summary,
    Unverified,
    SB_BYTES, //
};
use std::{
    fs,
    path::PathBuf, //
};

/// Text of `mdadm --examine` and its like: lines of `key : value`.
pub struct Report(pub String);

impl Report {
    /// The value of the first line with this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let (name, value) = line.split_once(" : ")?;
            (name.trim() == key).then(|| value.trim())
        })
    }

    /// The value of a line that has to be there.
    pub fn need(&self, key: &str) -> &str {
        self.get(key)
            .unwrap_or_else(|| panic!("no '{key}' in:\n{}", self.0))
    }

    /// The number that the value starts with.
    pub fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        let word = self.get(key)?.split_whitespace().next()?;
        Some(
            word.parse()
                .unwrap_or_else(|_| panic!("'{key}' is no number: {word}")),
        )
    }
}

/// A superblock as found on a member.
pub struct Image {
    /// `folder/number`.
    pub name: String,
    pub format: Format,
    pub at: Sector,
    pub page: Vec<u8>,
    pub examine: Report,
}

impl Image {
    pub fn verify(&self) -> Result<Summary<'_>, Error> {
        verify(self, &self.page)
    }

    pub fn summary(&self) -> Summary<'_> {
        self.verify()
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// A file beside the superblock's, if there is one.
    pub fn beside(&self, suffix: &str) -> Option<Vec<u8>> {
        fs::read(folder().join(format!("{}.{suffix}", self.name))).ok()
    }

    pub fn report(&self, suffix: &str) -> Report {
        let text = self
            .beside(suffix)
            .unwrap_or_else(|| panic!("{}.{suffix} is missing", self.name));
        Report(String::from_utf8(text).unwrap())
    }

    /// How many bytes of the page the checksum covers.
    pub fn covered(&self) -> usize {
        match self.format {
            Format::V0 => SB_BYTES,
            Format::V1(_) => 256 + 2 * self.summary().roles.len(),
        }
    }
}

/// Verifies other bytes as if they were the image's.
pub fn verify<'a>(image: &Image, page: &'a [u8]) -> Result<Summary<'a>, Error> {
    Unverified::new(page)?.verify(image.format, image.at)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/superblock")
}

/// One image, by `folder/number`.
pub fn image(name: &str) -> Image {
    let path = folder().join(name);
    let examine = Report(fs::read_to_string(path.with_extension_after("examine")).unwrap());
    let page = fs::read(path.with_extension_after("sb")).unwrap();
    assert_eq!(page.len(), SB_BYTES, "{name}");
    let first = examine.0.lines().next().unwrap();
    let at = first.strip_prefix("read from sector ").unwrap();
    Image {
        name: name.into(),
        // mdadm's word, not the parser's.
        format: match examine.need("Version") {
            "0.90.00" | "0.91.00" => Format::V0,
            "1.0" => Format::V1(Minor::Zero),
            "1.1" => Format::V1(Minor::One),
            "1.2" => Format::V1(Minor::Two),
            version => panic!("{name}: version {version}"),
        },
        at: Sector(at.parse().unwrap()),
        page,
        examine,
    }
}

/// All members of one array, by number.
pub fn array(name: &str) -> Vec<Image> {
    let mut members: Vec<_> = fs::read_dir(folder().join(name))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| Some(format!("{name}/{}", file.strip_suffix(".sb")?)))
        .collect();
    members.sort();
    members.iter().map(|member| image(member)).collect()
}

/// All images.
pub fn all() -> Vec<Image> {
    let mut arrays: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    arrays.sort();
    let images: Vec<_> = arrays.iter().flat_map(|name| array(name)).collect();
    assert!(
        images.len() >= 60,
        "only {} images were found",
        images.len()
    );
    images
}

trait WithExtensionAfter {
    /// `Path::with_extension` would take a dot in the folder's last part for one.
    fn with_extension_after(&self, extension: &str) -> PathBuf;
}

impl WithExtensionAfter for PathBuf {
    fn with_extension_after(&self, extension: &str) -> PathBuf {
        let mut path = self.clone().into_os_string();
        path.push(".");
        path.push(extension);
        path.into()
    }
}
