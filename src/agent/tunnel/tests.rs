use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::*;

const VENDOR: &str = "api.vendor.example";
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34));

/// Every public address is `server`; every name means `address`.
struct Stage {
    address: IpAddr,
    server: SocketAddr,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Outside for Stage {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if host == "gone.example" {
            return Err(io::Error::other("no such name"));
        }
        Ok(vec![self.address])
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        assert_eq!(address, SocketAddr::new(PUBLIC, 443));
        TcpStream::connect(self.server).await
    }
}

struct Scene {
    folder: tempfile::TempDir,
    server: TcpListener,
    tunnel: Tunnel,
    calls: Arc<AtomicUsize>,
}

impl Scene {
    async fn with(address: IpAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let stage =
            Stage { address, server: server.local_addr().unwrap(), calls: Arc::clone(&calls) };
        let hosts = ["API.Vendor.example.".to_owned(), "gone.example".into(), "10.0.0.1".into()];
        let socket = folder.path().join("s");
        let tunnel = Tunnel::towards(Box::new(stage), &socket, hosts).unwrap();
        Self { folder, server, tunnel, calls }
    }

    async fn client(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("s")).await.unwrap()
    }

    /// The whole answer to one request that is refused.
    async fn answer(&self, request: &str) -> String {
        let mut client = self.client().await;
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn bytes_pass_both_ways_to_a_named_host() {
    let scene = Scene::with(PUBLIC).await;
    let mut client = scene.client().await;
    let head = format!("CONNECT {VENDOR}:443 HTTP/1.1\r\nHost: {VENDOR}:443\r\n\r\nearly");
    client.write_all(head.as_bytes()).await.unwrap();
    let (mut server, _) = scene.server.accept().await.unwrap();
    let mut asked = [0; 5];
    server.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"early");
    server.write_all(b"hello").await.unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert_eq!(scene.tunnel.refusals(), [""; 0]);
}

#[tokio::test]
async fn nothing_else_passes_and_all_of_it_is_remembered() {
    let scene = Scene::with(PUBLIC).await;
    let lines = [
        "CONNECT evil.example:443 HTTP/1.1",
        "CONNECT api.vendor.example:80 HTTP/1.1",
        "CONNECT api.vendor.example:22 HTTP/1.1",
        "CONNECT api.vendor.example HTTP/1.1",
        "CONNECT api.vendor.example:0443 HTTP/1.1",
        "CONNECT api.vendor.example@evil.example:443 HTTP/1.1",
        "CONNECT evil.example/api.vendor.example:443 HTTP/1.1",
        "CONNECT x.api.vendor.example:443 HTTP/1.1",
        "CONNECT 10.0.0.1:443 HTTP/1.1",
        "CONNECT [::1]:443 HTTP/1.1",
        "CONNECT api.vendor.example:443",
        "CONNECT api.vendor.example:443 HTTP/1.1 x",
        "GET https://api.vendor.example:443/ HTTP/1.1",
        "POST http://127.0.0.1:11434/api/chat HTTP/1.1",
        "connect api.vendor.example:443 HTTP/1.1",
    ];
    for line in lines {
        let answer = scene.answer(&format!("{line}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{line}: {answer}");
        let refusals = scene.tunnel.refusals();
        assert!(refusals.last().unwrap().contains(line), "{line}: {refusals:?}");
    }
    for _ in 0..30 {
        scene.answer("CONNECT evil.example:443 HTTP/1.1\r\n\r\n").await;
    }
    assert_eq!(scene.tunnel.refusals().len(), lines.len(), "each is remembered once");
    let gone = scene.answer("CONNECT gone.example:443 HTTP/1.1\r\n\r\n").await;
    assert!(gone.contains(" 502 ") && gone.contains("no such name"), "{gone}");
    assert_eq!(scene.calls.load(Ordering::SeqCst), 0, "somebody reached the world");
}

#[tokio::test]
async fn a_vendors_name_that_means_a_neighbour_leads_nowhere() {
    for address in ["127.0.0.1", "169.254.169.254", "192.168.0.10", "::1", "fd00::1"] {
        let scene = Scene::with(address.parse().unwrap()).await;
        let answer = scene.answer(&format!("CONNECT {VENDOR}:443 HTTP/1.1\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains(address), "{answer}");
        assert!(scene.tunnel.refusals()[0].contains(VENDOR));
    }
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let scene = Scene::with(PUBLIC).await;
    let mut client = scene.client().await;
    // It may close before it has read all of this.
    let _ = client.write_all(&b"CONNECT ".repeat(10_000)).await;
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn its_connections_end_with_it() {
    let scene = Scene::with(PUBLIC).await;
    let mut client = scene.client().await;
    let head = format!("CONNECT {VENDOR}:443 HTTP/1.1\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let (mut server, _) = scene.server.accept().await.unwrap();
    drop(scene.tunnel);
    let mut rest = Vec::new();
    timeout(PATIENCE, server.read_to_end(&mut rest)).await.unwrap().unwrap();
}
