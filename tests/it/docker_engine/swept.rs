//! What a crash leaves is found by label, and what others made stays.

use super::*;

async fn leftovers(owner: &Owner, name: &str) {
    let worker = format!("codingworker.worker={}", owner.worker);
    let job = format!("codingworker.job={}", owner.job.as_ref().unwrap().0);
    let labels = ["--label", worker.as_str(), "--label", job.as_str()];
    let made = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
        async move { cli(&args.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    made(&[&["network", "create", "--internal"], &labels[..], &[name]].concat()).await;
    made(&[&["volume", "create"], &labels[..], &[name]].concat()).await;
    let volume = format!("{name}:/v");
    let image = base();
    let run = ["run", "-d", "--network", name, "-v", &volume];
    for _ in 0..2 {
        made(&[&run[..], &labels[..], &[&image, "sleep", "600"]].concat()).await;
    }
    made(&[&["create"], &labels[..], &[&image, "true"]].concat()).await;
}

#[tokio::test]
async fn what_a_job_left_is_removed_and_that_of_others_is_not() {
    let home = Home::new();
    let other = Home::new();
    // The other job of the same worker, and the same job of another worker.
    let sibling = Owner { job: other.owner.job.clone(), ..home.owner.clone() };
    let stranger = Owner { job: home.owner.job.clone(), ..other.owner.clone() };
    leftovers(&home.owner, &home.tag("own")).await;
    leftovers(&sibling, &home.tag("sibling")).await;
    leftovers(&stranger, &home.tag("stranger")).await;
    let started = Instant::now();
    assert_eq!(home.docker.remove(&home.owner, false).await.unwrap(), 5);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(home.docker.remove(&home.owner, false).await.unwrap(), 0);
    assert_eq!(home.left().await.lines().count(), 5, "the sibling's");
    let worker = Owner { job: None, ..home.owner.clone() };
    assert_eq!(home.docker.remove(&worker, false).await.unwrap(), 5);
    assert_eq!(home.left().await, "");
    assert_eq!(other.left().await.lines().count(), 5, "the stranger's");
    other.end().await;
}
