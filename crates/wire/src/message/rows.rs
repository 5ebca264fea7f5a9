//! How the elements of a row are read: as those of the request for one person.

use eligibility::Date;

use super::{
    FieldProblem, FieldProblemKind, MAX_IDENTIFIER_CHARS, MAX_INSURED_TEXT_CHARS,
    envelope::{read_text, read_trimmed},
    record::read_required,
    request::{read_branch, read_insured_number},
};
pub(crate) use super::{envelope::Check, request::problems_message};
use crate::bulk::{Insured, says_something};
pub(crate) use crate::xml_tree::Element;

/// An element with text.
pub(crate) fn leaf(name: &str, text: &str) -> Element {
    Element { name: name.to_owned(), text: text.to_owned(), children: Vec::new() }
}

/// An element with others in it.
pub(crate) fn group(children: Vec<Element>) -> Element {
    Element { name: String::new(), text: String::new(), children }
}

/// 保険者番号, 記号, 番号 and 枝番.
pub(crate) fn insured(row: &Element, check: &mut Check) -> Option<Insured> {
    let insurer_number = check.keep(read_required(row, "InsurerNumber"));
    let insured_symbol = check.keep(read_text(row, "InsuredCardSymbol", MAX_INSURED_TEXT_CHARS));
    let insured_number = check.keep(read_insured_number(row).and_then(|number| {
        let element = "InsuredIdentificationNumber";
        let nothing = FieldProblem { element, kind: FieldProblemKind::Format };
        if says_something(&number) { Ok(number) } else { Err(nothing) }
    }));
    let branch_number = check.keep(read_branch(row));
    Some(Insured {
        insurer_number: insurer_number?,
        insured_symbol: insured_symbol?,
        insured_number: insured_number?,
        branch_number: branch_number?,
    })
}

/// 生年月日.
pub(crate) fn birthdate(row: &Element) -> Result<Date, FieldProblem> {
    read_trimmed(row, "Birthdate")
}

const IDENTIFIER: &str = "ArbitraryIdentifier";

/// 任意の識別子.
pub(crate) fn identifier(row: &Element) -> Result<Option<String>, FieldProblem> {
    let text = read_text(row, IDENTIFIER, MAX_IDENTIFIER_CHARS)?;
    // No message can carry these back as they are.
    let lost = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.as_ref().is_some_and(|text| text.chars().any(lost)) {
        return Err(FieldProblem { element: IDENTIFIER, kind: FieldProblemKind::Format });
    }
    Ok(text)
}
