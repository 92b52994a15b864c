use larder::amount::Amount;
use larder::ingredient::Ingredient;
use larder::recipe::Recipe;
use larder::render::{render, source, Format};
use larder::scale::scale;

const SOUP: &str = include_str!("../recipes/lentil-soup.txt");

#[test]
fn amounts_are_exact() {
    assert_eq!(Amount::take("1 1/2 l water").0, Some(Amount::new(3, 2)));
    assert_eq!(Amount::parse_word("0.25"), Some(Amount::new(1, 4)));
    assert_eq!(Amount::parse_word("1/0"), None);
    assert_eq!(Amount::new(7, 4).to_string(), "1 3/4");
    assert_eq!(Amount::new(2, 3).to_string(), "2/3");
}

#[test]
fn an_ingredient_and_its_parts() {
    let carrots = Ingredient::parse("2 carrots, diced").unwrap();
    assert_eq!(carrots.name, "carrots");
    assert_eq!(carrots.note.as_deref(), Some("diced"));
    assert_eq!(carrots.to_string(), "2 carrots, diced");
    assert_eq!(Ingredient::parse("1 1/2 l water").unwrap().to_string(), "1 1/2 l water");
    assert_eq!(Ingredient::parse("salt").unwrap().quantity, None);
    assert!(Ingredient::parse("200 g ,").is_err());
}

#[test]
fn a_recipe_survives_the_round_trip() {
    let soup = Recipe::parse(SOUP).unwrap();
    assert_eq!(source(&soup), SOUP);
    assert_eq!(soup.steps.len(), 2);
    assert_eq!(soup.minutes, Some(45));
}

#[test]
fn errors_name_the_line() {
    let error = Recipe::parse("# X\nserves: none\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2: serves: not a positive number: none");
    assert_eq!(Recipe::parse("no title").unwrap_err().line, 1);
}

#[test]
fn scaled_amounts_change_their_unit() {
    let soup = scale(&Recipe::parse(SOUP).unwrap(), 16);
    assert_eq!(soup.ingredients[0].to_string(), "1 kg red lentils");
    assert_eq!(soup.ingredients[1].to_string(), "6 l water");
    assert_eq!(soup.ingredients[4].to_string(), "salt");
}

#[test]
fn shown_as_text_and_markdown() {
    let recipe = Recipe::parse("# Tea\n\n- 1 cup water, hot\n- tea\n\nWait.\n").unwrap();
    assert_eq!(
        render(&recipe, Format::Text),
        "Tea\n(serves 1)\n\n  1 cup  water (hot)\n         tea\n\n1. Wait.\n"
    );
    assert_eq!(
        render(&recipe, Format::Markdown),
        "# Tea\n\n*serves 1*\n\n- **1 cup** water, hot\n- tea\n\n1. Wait.\n"
    );
    assert!(render(&recipe, Format::Html).contains("<li>1 cup water, hot</li>"));
}
