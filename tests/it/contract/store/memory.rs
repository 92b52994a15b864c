//! What is remembered from one job to the next.

use super::*;

pub(super) async fn a_name_stands_for_the_repository_that_had_it_first_whatever_has_it_now(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    assert_eq!(store.pins().await, Ok(vec![]));
    assert_eq!(store.pin(&"Acme/API".parse().unwrap(), 42).await, Ok(42));
    assert_eq!(store.pin(&"acme/web".parse().unwrap(), u64::MAX).await, Ok(u64::MAX));
    drop(store);
    let restarted = place.open().await;
    assert_eq!(restarted.pin(&"acme/api".parse().unwrap(), 43).await, Ok(42));
    assert_eq!(restarted.pin(&"ACME/api".parse().unwrap(), 42).await, Ok(42));
    let pins = vec![("acme/api".to_owned(), 42), ("acme/web".to_owned(), u64::MAX)];
    assert_eq!(restarted.pins().await, Ok(pins));
}

pub(super) async fn the_model_that_was_asked_for_last_is_remembered_for_its_thread(
    place: Arc<dyn Place>,
) {
    let store = place.open().await;
    let repository = "Acme/API".parse().unwrap();
    assert_eq!(store.preferred_model(&repository, 7).await, Ok(None));
    store.prefer_model(&repository, 7, "small").await.unwrap();
    store.prefer_model(&"acme/api".parse().unwrap(), 7, "big").await.unwrap();
    assert_eq!(store.preferred_model(&repository, 7).await, Ok(Some("big".into())));
    assert_eq!(store.preferred_model(&repository, 8).await, Ok(None));
    assert_eq!(store.preferred_model(&"acme/web".parse().unwrap(), 7).await, Ok(None));
}
