//! Rust as the rules look at it: without what is only said.

/// The names of the macros that make tests of the functions that are listed to them.
const MAKERS: &[&str] = &["on_every_database!", "on_both_engines!"];

/// A file's text with comments blanked, and the same with what stands within strings blanked, too. Both are as long as
/// the text: a place in one is the same place in the other.
pub(crate) struct Code {
    /// With its strings.
    pub(crate) with_strings: String,
    /// Without what stands within them.
    pub(crate) bare: String,
}

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Text,
    Comment,
}

impl Code {
    /// Reads a file.
    pub(crate) fn of(text: &str) -> Self {
        let mut code = Self { with_strings: String::new(), bare: String::new() };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let before = code.bare.chars().next_back();
            let (part, length) = next(rest, first, before);
            let (run, after) = rest.split_at(length);
            code.with_strings.push_str(&if part == Part::Comment { blank(run) } else { run.to_owned() });
            code.bare.push_str(&if part == Part::Code { run.to_owned() } else { blank(run) });
            rest = after;
        }
        code
    }

    /// Whether a function is run as a test: by its attribute, or by one of the macros that make tests of functions.
    pub(crate) fn runs(&self, name: &str) -> bool {
        let defined = format!("fn {name}(");
        let mut places = self.bare.match_indices(&defined).map(|(at, _)| at);
        places.any(|at| self.is_marked(at)) || (self.bare.contains(&defined) && self.is_listed(name))
    }

    /// Whether any function is.
    pub(crate) fn runs_any(&self) -> bool {
        let mut places = self.bare.match_indices("fn ").map(|(at, _)| at);
        places.any(|at| self.is_marked(at)) || !self.lists().is_empty()
    }

    /// The function that a place is in.
    pub(crate) fn function_at(&self, place: usize) -> Option<&str> {
        let (_, after) = self.bare[..place].rsplit_once("fn ")?;
        after.split_once('(').map(|(name, _)| name)
    }

    /// Whether the attributes above the function at this place make a test of it that is run.
    fn is_marked(&self, place: usize) -> bool {
        let above = self.bare[..place].rsplit_once('\n').map_or("", |(above, _)| above);
        let lines = above.lines().rev().map(str::trim);
        let attributes = lines.take_while(|line| line.is_empty() || line.starts_with("#["));
        let words: Vec<&str> = attributes.map(path_of).collect();
        let is_test = words.iter().any(|path| matches!(*path, "test" | "tokio::test"));
        is_test && !words.contains(&"ignore")
    }

    /// Whether a function's name is in the list of a macro that makes tests.
    fn is_listed(&self, name: &str) -> bool {
        let part_of_a_name = |character: char| character.is_alphanumeric() || character == '_';
        self.lists()
            .iter()
            .any(|list| list.split(|character| !part_of_a_name(character)).any(|word| word == name))
    }

    /// What stands within the brackets of the macros that make tests.
    fn lists(&self) -> Vec<&str> {
        let made = MAKERS.iter().flat_map(|maker| self.bare.split(maker).skip(1));
        let opened = made.filter_map(|after| after.trim_start().strip_prefix(['(', '{']));
        opened.map(|list| list.split([')', '}']).next().unwrap_or_default()).collect()
    }
}

/// `tokio::test` of `#[tokio::test(flavor = "…")]`.
fn path_of(attribute: &str) -> &str {
    let inside = attribute.strip_prefix("#[").unwrap_or_default();
    inside.split([']', '(', '=', ' ']).next().unwrap_or_default()
}

/// As long as it was, and with its lines.
fn blank(run: &str) -> String {
    run.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// What the text begins with, and how far that goes, in bytes.
fn next(text: &str, first: char, before: Option<char>) -> (Part, usize) {
    if text.starts_with("//") {
        return (Part::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Part::Comment, block_comment(text));
    }
    if first == '"' {
        return (Part::Text, quoted(text));
    }
    let begins_a_word = !before.is_some_and(|before| before.is_alphanumeric() || before == '_');
    if let Some(length) = raw_string(text).filter(|_| begins_a_word || before == Some('b')) {
        return (Part::Text, length);
    }
    if first == '\''
        && let Some(length) = character(text)
    {
        return (Part::Text, length);
    }
    (Part::Code, first.len_utf8())
}

/// Comments may stand within comments.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// From one quotation mark to the next that is not escaped.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let content = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let opening = text.len() - content.len();
    Some(content.find(&end).map_or(text.len(), |at| opening + at + end.len()))
}

/// `'"'` and `'\''`; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let mut characters = inside.chars();
    let first = characters.next()?;
    if first == '\\' {
        return inside.get(2..)?.find('\'').map(|at| at + 4);
    }
    (characters.next()? == '\'').then(|| first.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &str) -> bool {
        Code::of(text).runs("it_holds")
    }

    #[test]
    fn what_is_run_as_a_test_counts() {
        assert!(runs("#[test]\nfn it_holds() {}"));
        assert!(runs("#[tokio::test(flavor = \"multi_thread\")]\n#[cfg(unix)]\nasync fn it_holds() {}"));
        assert!(runs("/// Said.\n#[test]\n/// Said.\nfn it_holds() {}"));
        assert!(runs(
            "on_every_database!(\n    another,\n    it_holds,\n);\nasync fn it_holds(db: Database) {}"
        ));
        assert!(runs("crate::on_both_engines! { it_holds }\nasync fn it_holds(engine: Engine) {}"));
    }

    #[test]
    fn what_is_not_run_does_not_count() {
        assert!(!runs("fn it_holds() {}"));
        assert!(!runs("#[cfg(test)]\nfn it_holds() {}"));
        assert!(!runs("#[test]\n#[ignore = \"slow\"]\nfn it_holds() {}"));
        assert!(!runs("#[ignore = \"slow\"]\n#[test]\nfn it_holds() {}"));
        assert!(!runs("#[test]\nfn another() {}\nfn it_holds() {}"));
        assert!(!runs("on_every_database!(it_holds);"), "there is no such function");
    }

    #[test]
    fn what_is_only_said_does_not_count() {
        assert!(!runs("// #[test]\n// fn it_holds() {}"));
        assert!(!runs("/* #[test] /* */\nfn it_holds() {} */"));
        assert!(!runs("// #[test]\nfn it_holds() {}"));
        assert!(!runs("/// As it_holds says.\nfn it_holds() {}"));
        assert!(!runs("fn it_holds() {}\nconst SAID: &str = \"on_every_database!(it_holds)\";"));
        assert!(!runs("const SAID: &str = r#\"\n#[test]\nfn it_holds() {}\n\"#;"));
        assert!(!runs("on_every_database!(another /* it_holds */);\nfn it_holds() {}"));
        assert!(!runs("fn another() { let said = it_holds; }\nfn it_holds() {}"));
    }

    #[test]
    fn quotation_marks_and_lifetimes_are_told_apart() {
        let text = "const A: char = '\"';\nconst B: char = '\\'';\nfn c<'a>(d: &'a str) {} // e\nconst F: &str = \"\\\"辻//\";\n#[test]\nfn it_holds() {}";
        let code = Code::of(text);
        assert_eq!((code.bare.len(), code.with_strings.len()), (text.len(), text.len()));
        assert!(code.runs("it_holds") && code.bare.contains("<'a>(d: &'a str)"), "{}", code.bare);
        assert!(code.with_strings.contains("辻//") && !code.with_strings.contains("// e"));
        assert!(!code.bare.contains('辻'));
    }
}
