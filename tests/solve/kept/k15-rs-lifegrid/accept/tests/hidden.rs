use lifegrid::{Board, BoardError, Rule};

const BLINKER: &str = ".....\n..#..\n..#..\n..#..\n.....\n";

#[test]
fn compared_and_cloned() {
    let mut board = Board::parse(BLINKER).unwrap();
    let start = board.clone();
    assert_eq!(board, start);
    board.step();
    assert_ne!(board, start);
    assert_eq!(start.to_string(), BLINKER);
    board.step();
    assert_eq!(board, start);
}

#[test]
fn other_boards_differ() {
    let a = Board::parse("....\n#...").unwrap();
    assert_ne!(a, Board::parse("..\n..\n#.\n..").unwrap());
    assert_ne!(a, Board::parse("....\n.#..").unwrap());
}

#[test]
fn in_a_result() {
    assert_eq!(Board::parse(""), Err(BoardError::Empty));
    assert!(!format!("{:?}", Board::parse(BLINKER)).is_empty());
}

#[test]
fn the_rule_goes_with_it() {
    let dead = Board::parse(BLINKER).unwrap().with_rule(Rule::parse("B/S").unwrap());
    let mut copy = dead.clone();
    copy.step();
    assert_eq!(copy.population(), 0);
    assert_eq!(dead.population(), 3);
}
