//! An image as an OCI layout: blobs named by their digests, in one tar file. The same programs
//! produce the same bytes and digests.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, GzBuilder};
use oci_spec::image::{
    Config, ConfigBuilder, Descriptor, ImageConfigurationBuilder, ImageIndexBuilder,
    ImageManifestBuilder, MediaType, OciLayoutBuilder, Os, PlatformBuilder, RootFsBuilder,
    SCHEMA_VERSION, Sha256Digest,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{NAME, Program};

/// The user of the program: a number, because the image has no user database.
const USER: &str = "65532:65532";

/// Files of the layout, by path.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds a blob and returns its descriptor.
    fn blob(&mut self, media_type: MediaType, content: Vec<u8>) -> Result<Descriptor> {
        let digest = hex(&content);
        let size = u64::try_from(content.len())?;
        self.0.insert(format!("blobs/sha256/{digest}"), content);
        let digest: Sha256Digest = digest.parse()?;
        Ok(Descriptor::new(media_type, size, digest))
    }
}

/// Returns the layout of an image for all these programs, as a tar file.
pub(super) fn layout(programs: &[Program], version: &str) -> Result<Vec<u8>> {
    ensure!(!programs.is_empty(), "an image without a program");
    let mut files = Files::default();
    let mut manifests = Vec::new();
    for program in programs {
        let platform = PlatformBuilder::default()
            .os(Os::Linux)
            .architecture(program.architecture.clone())
            .build()?;
        let mut manifest = manifest(&mut files, program, version)?;
        manifest.set_platform(Some(platform));
        manifests.push(manifest);
    }
    // One entry under the tag. With several processors the entry is their list, so that one name
    // serves all.
    let mut tagged = if let [only] = manifests.as_slice() {
        only.clone()
    } else {
        let list = index(manifests)?;
        files.blob(MediaType::ImageIndex, list)?
    };
    let tag = HashMap::from([(
        "org.opencontainers.image.ref.name".to_owned(),
        version.to_owned(),
    )]);
    tagged.set_annotations(Some(tag));
    let marker = OciLayoutBuilder::default()
        .image_layout_version("1.0.0")
        .build()?;
    files
        .0
        .insert("index.json".to_owned(), index(vec![tagged])?);
    files.0.insert("oci-layout".to_owned(), json(&marker)?);
    let files = files.0.iter();
    archive(files.map(|(path, content)| (path.as_str(), 0o644, content.as_slice())))
}

/// Returns a list of manifests.
fn index(manifests: Vec<Descriptor>) -> Result<Vec<u8>> {
    let index = ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()?;
    json(&index)
}

/// Adds the manifest of one program and the blobs that it refers to.
fn manifest(files: &mut Files, program: &Program, version: &str) -> Result<Descriptor> {
    let layer = archive([(NAME, 0o755, program.text.as_slice())].into_iter())?;
    let configuration = ImageConfigurationBuilder::default()
        .architecture(program.architecture.clone())
        .os(Os::Linux)
        .config(config(version)?)
        .rootfs(
            RootFsBuilder::default()
                .typ("layers")
                .diff_ids([format!("sha256:{}", hex(&layer))])
                .build()?,
        )
        .build()?;
    let layer = files.blob(MediaType::ImageLayerGzip, gzip(&layer)?)?;
    let configuration = files.blob(MediaType::ImageConfig, json(&configuration)?)?;
    let manifest = ImageManifestBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageManifest)
        .config(configuration)
        .layers([layer])
        .build()?;
    files.blob(MediaType::ImageManifest, json(&manifest)?)
}

/// Returns the start command and the labels of the image.
fn config(version: &str) -> Result<Config> {
    let labels = [
        ("title", NAME),
        (
            "description",
            "Backup and recovery of OceanBase as Kubernetes objects",
        ),
        ("version", version),
        ("licenses", "Apache-2.0"),
    ];
    let labels = labels.map(|(key, value)| {
        let key = format!("org.opencontainers.image.{key}");
        (key, value.to_owned())
    });
    ConfigBuilder::default()
        .user(USER)
        .entrypoint([format!("/{NAME}")])
        .cmd(["run".to_owned()])
        .exposed_ports(["8080/tcp".to_owned()])
        .working_dir("/")
        .labels(HashMap::from(labels))
        .build()
        .context("no configuration")
}

/// Returns a tar file of these files, which root owns and which have no time.
fn archive<'a>(files: impl Iterator<Item = (&'a str, u32, &'a [u8])>) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, mode, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(content.len())?);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        archive.append_data(&mut header, path, content)?;
    }
    Ok(archive.into_inner()?)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    Ok(gzip.finish()?)
}

/// Serializes through a `Value` for ordered keys: labels come from a hash map.
fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&serde_json::to_value(value)?)?)
}

fn hex(content: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(content)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use oci_spec::image::Arch;
    use serde_json::Value;

    use super::*;

    fn program(architecture: Arch) -> Program {
        let text = format!("a program for {architecture}").into_bytes();
        Program { architecture, text }
    }

    /// Returns the files of a tar file: mode and content by path.
    fn unpacked(archive: &[u8]) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (path, (entry.header().mode().unwrap(), content))
        });
        entries.collect()
    }

    /// An image as a client pulls it.
    struct Image(BTreeMap<String, (u32, Vec<u8>)>);

    impl Image {
        fn of(programs: &[Program]) -> Self {
            Self(unpacked(&layout(programs, "1.2.3").unwrap()))
        }

        fn json(&self, path: &str) -> Value {
            serde_json::from_slice(&self.0[path].1).unwrap()
        }

        /// Returns the blob of a descriptor, after a check of its size and digest.
        fn blob(&self, descriptor: &Value) -> &[u8] {
            let digest = descriptor["digest"].as_str().unwrap();
            let digest = digest.strip_prefix("sha256:").unwrap();
            let blob = &self.0[&format!("blobs/sha256/{digest}")].1;
            assert_eq!(hex(blob), digest);
            assert_eq!(descriptor["size"], blob.len());
            blob
        }

        fn document(&self, descriptor: &Value) -> Value {
            serde_json::from_slice(self.blob(descriptor)).unwrap()
        }

        /// Returns the manifest of the only program.
        fn manifest(&self) -> Value {
            self.document(&self.json("index.json")["manifests"][0])
        }
    }

    #[test]
    fn the_image_has_one_layer_with_the_program_and_nothing_else() {
        let image = Image::of(&[program(Arch::Amd64)]);
        let manifest = image.manifest();
        assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
        let mut layer = Vec::new();
        GzDecoder::new(image.blob(&manifest["layers"][0]))
            .read_to_end(&mut layer)
            .unwrap();
        let content = b"a program for amd64".to_vec();
        let only = BTreeMap::from([(NAME.to_owned(), (0o755, content))]);
        assert_eq!(unpacked(&layer), only);
        let configuration = image.document(&manifest["config"]);
        let diff_id = format!("sha256:{}", hex(&layer));
        assert_eq!(
            configuration["rootfs"]["diff_ids"],
            serde_json::json!([diff_id])
        );
    }

    #[test]
    fn the_program_runs_as_a_user_without_rights() {
        let image = Image::of(&[program(Arch::Amd64)]);
        let configuration = image.document(&image.manifest()["config"]);
        let config = &configuration["config"];
        assert_eq!(config["User"], "65532:65532");
        assert_eq!(
            config["Entrypoint"],
            serde_json::json!(["/oceanbase-backup-operator"])
        );
        assert_eq!(config["Cmd"], serde_json::json!(["run"]));
        assert_eq!(configuration["architecture"], "amd64");
        assert_eq!(configuration["os"], "linux");
    }

    #[test]
    fn an_image_for_two_processors_has_a_manifest_for_each_under_one_tag() {
        let image = Image::of(&[program(Arch::Amd64), program(Arch::ARM64)]);
        let index = image.json("index.json");
        let tagged = &index["manifests"].as_array().unwrap()[..];
        assert_eq!(tagged.len(), 1);
        let tag = &tagged[0]["annotations"]["org.opencontainers.image.ref.name"];
        assert_eq!(tag, "1.2.3");
        let list = image.document(&tagged[0]);
        let manifests = list["manifests"].as_array().unwrap();
        let processors = manifests.iter().map(|one| &one["platform"]["architecture"]);
        assert_eq!(processors.collect::<Vec<_>>(), ["amd64", "arm64"]);
        for one in manifests {
            let configuration = image.document(&image.document(one)["config"]);
            assert_eq!(
                configuration["architecture"],
                one["platform"]["architecture"]
            );
        }
    }

    #[test]
    fn every_blob_is_referred_to_and_the_marker_is_there() {
        let image = Image::of(&[program(Arch::Amd64)]);
        assert_eq!(image.json("oci-layout")["imageLayoutVersion"], "1.0.0");
        let blobs = image.0.keys().filter(|path| path.starts_with("blobs/"));
        // A manifest, a configuration and a layer.
        assert_eq!(blobs.count(), 3);
    }

    #[test]
    fn the_same_program_makes_the_same_image() {
        let make = || layout(&[program(Arch::Amd64)], "1.2.3").unwrap();
        assert!(make() == make());
    }
}
