//! `cargo xtask image --try`: a test of the image's program in the environment of its Pod. The
//! read-only root contains the image's files and the account's files. User 65532 has no
//! capabilities. The program must become ready on a real API server with the roles of `deploy/`.
//! Linux requires root for this.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::NAME;
use crate::kubernetes::Kubernetes;
use crate::process::start;
use crate::say;

/// Limit on the time until it is ready.
const PATIENCE: Duration = Duration::from_mins(1);
/// The operator's namespace, and the directory of its account in a Pod.
const SYSTEM: &str = "oceanbase-backup-system";
const ACCOUNT: &str = "var/run/secrets/kubernetes.io/serviceaccount";
/// Makes the directory `$0` a read-only root, and executes the following arguments as user `$1`.
const CONFINE: &str = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro,nosuid,nodev \"$0\" && \
    exec setpriv --no-new-privs chroot --userspec=\"$1\" --groups= \"$0\" \"$2\" run --leader-elect";

/// Unpacks an image beside itself and runs its program until it is ready.
pub(super) async fn run(image: &Path) -> Result<()> {
    let root = image.with_extension("root");
    let (program, user) = unpack(image, &root)?;
    let kubernetes = Kubernetes::embedded().await?;
    let deploy = crate::root().join("deploy");
    let deploy = deploy.to_str().context("the path of deploy/ is no text")?;
    kubernetes.kubectl(&["apply", "--kustomize", deploy], None)?;
    let server = account(&kubernetes, &root)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let log = root.with_extension("log");
    let begun = Instant::now();
    let mut command = Command::new("unshare");
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .args(["--mount", "sh", "-c", CONFINE])
        .arg(&root)
        .args([&user, &program])
        .env_clear()
        .env("PATH", path)
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", server)
        .env("POD_NAME", "oceanbase-backup-operator-0")
        .env("POD_NAMESPACE", SYSTEM)
        .env("HTTP_ADDRESS", port.to_string());
    let mut operator = start(&mut command, &log)?;
    until_ready(&mut operator, port)
        .await
        .with_context(|| format!("see {}; only root can try the image", log.display()))?;
    let ready = begun.elapsed();
    let number = operator.id().context("the operator has ended")?;
    let memory = confined(number, &user)?;
    say(&format!(
        "As user {user}, without any right, on a root of {} that cannot be written: ready after {:.1} s, \
         {memory} KiB resident.",
        held(&root)?.join(" and "),
        ready.as_secs_f64()
    ));
    let asked = Command::new("kill").arg(number.to_string()).status();
    ensure!(asked.await?.success(), "it cannot be told to end");
    let ended = operator.wait().await?;
    ensure!(ended.success(), "told to end it ended badly: {ended}");
    Ok(())
}

/// Unpacks the layers of the first image in a layout, and returns its program and user.
fn unpack(image: &Path, root: &Path) -> Result<(String, String)> {
    let layout = root.with_extension("layout");
    for directory in [&layout, &root.to_owned()] {
        if directory.exists() {
            std::fs::remove_dir_all(directory)?;
        }
        std::fs::create_dir_all(directory)?;
    }
    tar::Archive::new(std::fs::File::open(image)?).unpack(&layout)?;
    let blob = |descriptor: &Value| -> Result<PathBuf> {
        let digest = descriptor["digest"].as_str().context("no digest")?;
        Ok(layout.join("blobs").join(digest.replace(':', "/")))
    };
    let document =
        |path: PathBuf| -> Result<Value> { Ok(serde_json::from_slice(&std::fs::read(path)?)?) };
    let mut manifest = document(layout.join("index.json"))?;
    while let Some(first) = manifest["manifests"].get(0) {
        manifest = document(blob(first)?)?;
    }
    for layer in manifest["layers"].as_array().into_iter().flatten() {
        let layer = std::fs::File::open(blob(layer)?)?;
        tar::Archive::new(GzDecoder::new(layer)).unpack(root)?;
    }
    let config = document(blob(&manifest["config"])?)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let program = text(&config["config"]["Entrypoint"][0]).context("no program")?;
    let user = text(&config["config"]["User"]).context("no user")?;
    ensure!(program == format!("/{NAME}"), "another program: {program}");
    Ok((program, user))
}

/// Writes the files of the operator's account to their paths in a Pod, and returns the API server's
/// port.
fn account(kubernetes: &Kubernetes, root: &Path) -> Result<String> {
    let directory = root.join(ACCOUNT);
    std::fs::create_dir_all(&directory)?;
    let authority =
        "{{index (index .clusters 0).cluster \"certificate-authority-data\" | base64decode}}";
    let of_config = ["config", "view", "--raw", "--output"];
    let view = |template: &str| {
        let output = format!("go-template={template}");
        kubernetes.kubectl(&[&of_config[..], &[output.as_str()]].concat(), None)
    };
    let token = kubernetes.kubectl(&["create", "token", NAME, "--namespace", SYSTEM], None)?;
    for (file, text) in [
        ("token", token.trim()),
        ("namespace", SYSTEM),
        ("ca.crt", &view(authority)?),
    ] {
        std::fs::write(directory.join(file), text)?;
    }
    let server = view("{{(index .clusters 0).cluster.server}}")?;
    let port = server.rsplit(':').next().context("a server without port")?;
    Ok(port.trim().to_owned())
}

async fn until_ready(operator: &mut Child, address: SocketAddr) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(ended) = operator.try_wait()? {
            bail!("the program has ended: {ended}");
        }
        if answers(address) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the program is not ready after {} s", PATIENCE.as_secs())
}

/// Returns whether the program answers that it is ready.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let mut answer = String::new();
    let asked = stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: operator\r\n\r\n");
    let told = asked.and_then(|()| stream.read_to_string(&mut answer));
    told.is_ok()
        && answer
            .lines()
            .next()
            .is_some_and(|line| line.contains(" 200"))
}

/// Checks that the kernel confines the process as the image says, and reports its resident memory.
fn confined(process: u32, user: &str) -> Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (uid, gid) = user.split_once(':').unwrap_or((user, user));
    for (name, expected) in [
        ("Uid", [uid; 4].join(" ")),
        ("Gid", [gid; 4].join(" ")),
        ("Groups", String::new()),
        ("CapPrm", "0".repeat(16)),
        ("CapEff", "0".repeat(16)),
        ("NoNewPrivs", "1".to_owned()),
    ] {
        let found = field(name);
        ensure!(found == expected, "{name} is '{found}', not '{expected}'");
    }
    let mounts = std::fs::read_to_string(format!("/proc/{process}/mountinfo"))?;
    let root = mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        (fields.get(4) == Some(&"/")).then(|| fields.get(5).copied().unwrap_or_default())
    });
    let read_only = root.is_some_and(|options| options.split(',').any(|option| option == "ro"));
    ensure!(read_only, "its root can be written: {mounts}");
    Ok(field("VmRSS").replace(" kB", ""))
}

/// Returns the content of the root: the program, and the directory of the account.
fn held(root: &Path) -> Result<Vec<String>> {
    let mut names = std::fs::read_dir(root)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    ensure!(names == [NAME, "var"], "more than the program: {names:?}");
    Ok(names)
}
