//! How one process wakes another.

use super::*;

/// Starts a receive and comes back when it is waiting: it has bound its socket and looked.
async fn waiting(queue: &SqliteQueue) -> tokio::task::JoinHandle<Vec<Delivery>> {
    let own = queue.clone();
    let receiving = tokio::spawn(async move { take(&own).await });
    let path = queue.options.wake_path.clone().unwrap();
    let listening = async {
        while std::os::unix::net::UnixDatagram::unbound().unwrap().connect(&path).is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANG, listening).await.unwrap();
    receiving
}

#[tokio::test]
async fn a_submit_in_another_process_wakes_an_idle_receive() {
    let folder = tempfile::tempdir().unwrap();
    let wall = Wall::new();
    let worker = process(folder.path(), &wall, NEVER);
    let command = process(folder.path(), &wall, Duration::ZERO);
    for number in 0..20 {
        let receiving = waiting(&worker).await;
        command.submit(&number.to_string()).await.unwrap();
        let delivery = woken(receiving).await.remove(0);
        assert_eq!(delivery.body, number.to_string());
        worker.settle(&delivery.receipt, Settlement::Done).await.unwrap();
    }
}

#[tokio::test]
async fn a_redrive_in_another_process_wakes_an_idle_receive() {
    let folder = tempfile::tempdir().unwrap();
    let wall = Wall::new();
    let command = process(folder.path(), &wall, Duration::ZERO);
    let worker = process(folder.path(), &wall, NEVER);
    command.submit("{}").await.unwrap();
    for _ in 0..5 {
        let bury = Settlement::Bury { reason: "no task".into() };
        worker.settle(&take_one(&worker).await.receipt, bury).await.unwrap();
        let receiving = waiting(&worker).await;
        assert_eq!(command.redrive(&[]).await.unwrap(), 1);
        let delivery = woken(receiving).await.remove(0);
        worker.settle(&delivery.receipt, Settlement::Return(Duration::ZERO)).await.unwrap();
    }
}

#[tokio::test]
async fn a_socket_that_a_dead_worker_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wake.sock");
    drop(std::os::unix::net::UnixDatagram::bind(&path).unwrap());
    assert!(path.exists());
    let wall = Wall::new();
    let worker = process(folder.path(), &wall, NEVER);
    let receiving = waiting(&worker).await;
    process(folder.path(), &wall, Duration::ZERO).submit("{}").await.unwrap();
    assert_eq!(woken(receiving).await.len(), 1);
    drop(worker);
    assert!(!path.exists(), "and the living one tidies up after itself");
}

#[tokio::test]
async fn a_second_worker_leaves_the_first_ones_socket_alone_and_takes_it_over_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let wall = Wall::new();
    let first = process(folder.path(), &wall, NEVER);
    let second = process(folder.path(), &wall, Duration::ZERO);
    let receiving = waiting(&first).await;
    assert!(take(&second).await.is_empty());
    assert!(matches!(second.bell.listen(), bell::Ear::Deaf));
    second.submit("{}").await.unwrap();
    assert_eq!(woken(receiving).await.len(), 1);
    drop(first);
    assert!(matches!(second.bell.listen(), bell::Ear::Socket(_)));
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone_and_the_queue_looks_now_and_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wake.sock");
    std::fs::write(&path, "precious").unwrap();
    let queue = process(folder.path(), &Wall::new(), Duration::ZERO);
    assert_eq!(queue.bell.listen().patience(), Some(Duration::from_secs(1)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn where_a_socket_cannot_be_the_message_comes_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a-long-name-".repeat(12));
    let wall = Wall::new();
    let worker = process(&deep, &wall, NEVER);
    assert_eq!(worker.bell.listen().patience(), Some(Duration::from_secs(1)));
    let own = worker.clone();
    let receiving = tokio::spawn(async move { take(&own).await });
    process(&deep, &wall, Duration::ZERO).submit("{}").await.unwrap();
    assert_eq!(woken(receiving).await.len(), 1);
}
