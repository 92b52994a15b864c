//! A server that is stopped, or dies, and comes back.

use std::sync::Arc;
use std::time::Duration;

use codingworker::queue::TaskQueue;
use codingworker::queue::postgres::{PostgresQueue, PostgresQueueOptions};
use tokio_util::sync::CancellationToken;

use super::{TABLE, batch, mark, marks};
use crate::postgres_server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn writes_wait_for_a_server_that_comes_back_and_are_there_once() {
    let server = Arc::new(Server::start());
    let postgres = server.fresh().await;
    batch(&postgres, TABLE).await;
    let options = PostgresQueueOptions {
        lease: Duration::from_secs(600),
        poll: Duration::from_secs(600),
        max_receives: 20,
    };
    let queue = PostgresQueue::new(postgres.clone(), options);
    for (at, word) in ["stop", "kill"].into_iter().enumerate() {
        let at = i64::try_from(at).unwrap() * 100;
        let receiving = {
            let queue = queue.clone();
            // As the shift does: what passes is asked again.
            tokio::spawn(async move {
                loop {
                    match queue.receive(1, &CancellationToken::new()).await {
                        Ok(mut deliveries) => return deliveries.remove(0),
                        Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                    }
                }
            })
        };
        let writing = {
            let postgres = postgres.clone();
            tokio::spawn(async move {
                for number in at..at + 50 {
                    mark(&postgres, number).await.unwrap();
                }
            })
        };
        while marks(&postgres).await.len() < usize::try_from(at / 2 + 5).unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let again = server.clone();
        let down = move || {
            again.obey(word);
            again.obey("start");
        };
        tokio::task::spawn_blocking(down).await.unwrap();
        writing.await.unwrap();
        let id = queue.submit(word).await.unwrap();
        let delivery = tokio::time::timeout(Duration::from_secs(60), receiving).await;
        assert_eq!(delivery.unwrap().unwrap().id, id, "it listens again");
    }
    let expected: Vec<i64> = (0..50).chain(100..150).collect();
    assert_eq!(marks(&postgres).await, expected);
}
