use lifegrid::{Board, BoardError, Rule};

const BLINKER: &str = ".....\n..#..\n..#..\n..#..\n.....\n";

#[test]
fn a_blinker_blinks() {
    let mut board = Board::parse(BLINKER).unwrap();
    board.step();
    assert_eq!(board.to_string(), ".....\n.....\n.###.\n.....\n.....\n");
    board.step();
    assert_eq!(board.to_string(), BLINKER);
    assert_eq!(board.population(), 3);
}

#[test]
fn the_edges_touch() {
    let mut board = Board::parse("#...#\n.....\n.....\n#....").unwrap();
    board.step();
    assert!(board.is_alive(0, 0) && board.is_alive(4, 3));
}

#[test]
fn another_rule() {
    let mut board = Board::parse(BLINKER).unwrap().with_rule(Rule::parse("B/S").unwrap());
    board.step();
    assert_eq!(board.population(), 0);
    assert!(Rule::parse("B9/S23").is_none());
    assert!(Rule::parse("3/23").is_none());
}

#[test]
fn bad_boards() {
    assert_eq!(Board::parse("").err(), Some(BoardError::Empty));
    assert_eq!(Board::parse("..\n...").err(), Some(BoardError::Ragged(2)));
    assert_eq!(Board::parse(".x").err(), Some(BoardError::BadCell('x')));
}
