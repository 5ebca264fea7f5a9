//! The coverage file of one insurer: every membership with the person as notified.
//!
//! A `C` line is one coverage. `T` lines after it are its 医療券・調剤券.

use std::io::{BufRead, Write};

use eligibility::{
    codes::CardClassification,
    coverage::Coverage,
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
    public_assistance::{MedicalTicket, Prescriber},
};

use super::{
    FileSummary, MAX_CERTIFICATES, RowError,
    columns::{Row, date_text, institution, insurer, month, month_text, ratio},
    coverage_columns::{self as at, COVERAGE_COLUMNS, TICKET_COLUMNS},
    lines::{Fault, LineReader, LineWriter, fault},
};
use crate::message::CodeTable;

const FORMAT: &str = "shikaku-coverage";
const COVERAGE: &str = "C";
const TICKET: &str = "T";
const CERTIFICATE_FORM: &str = "write parts between colons, certificates between semicolons, at most 64";

/// Writes the coverage file of one insurer.
pub struct CoverageFileWriter<W: Write> {
    lines: LineWriter<W>,
    insurer_number: InsurerNumber,
}

impl<W: Write> CoverageFileWriter<W> {
    /// Starts the file. Give a buffered output.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W, insurer_number: InsurerNumber) -> std::io::Result<Self> {
        let lines = LineWriter::new(output, FORMAT, &[insurer_number.as_str()], COVERAGE_COLUMNS)?;
        Ok(Self { lines, insurer_number })
    }

    /// Writes one coverage with its tickets.
    ///
    /// # Errors
    /// Those of the output; `InvalidInput` when the coverage is another insurer's, or a text holds a line break
    /// or is too long.
    pub fn write(&mut self, coverage: &Coverage) -> std::io::Result<()> {
        if coverage.insurer_number != self.insurer_number {
            let message = "the coverage belongs to another insurer than the file";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message));
        }
        write_coverage(&mut self.lines, coverage);
        self.lines.end_line()?;
        for ticket in &coverage.medical_tickets {
            write_ticket(&mut self.lines, ticket);
            self.lines.end_line()?;
        }
        self.lines.count_record();
        Ok(())
    }

    /// Writes the last line and hands the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> std::io::Result<(W, FileSummary)> {
        self.lines.finish()
    }
}

fn write_coverage<W: Write>(lines: &mut LineWriter<W>, coverage: &Coverage) {
    let person = &coverage.person;
    let flag = |set: bool| if set { "1" } else { "0" };
    lines.field(COVERAGE);
    lines.field(&coverage.coverage_id);
    lines.field(&coverage.person_key.0);
    lines.field(&person.name);
    lines.optional(person.kana.as_deref());
    lines.optional(person.other_name.as_deref());
    lines.optional(person.other_kana.as_deref());
    lines.field(&date_text(person.birthdate));
    lines.field(person.sex.code());
    lines.optional(person.sex_on_back.map(CodeTable::code));
    lines.optional(person.address.as_deref());
    lines.optional(person.postcode.as_deref());
    lines.field(flag(person.protection.address_withheld));
    lines.field(flag(person.protection.self_access_blocked));
    lines.optional(coverage.insured_symbol.as_deref());
    lines.field(&coverage.insured_number);
    lines.optional(coverage.branch_number.as_deref());
    lines.optional(coverage.relation.map(CodeTable::code));
    lines.optional(coverage.insured_name.as_deref());
    lines.field(coverage.classification.code());
    lines.field(&date_text(coverage.qualified_on));
    lines.optional(coverage.disqualified_on.map(date_text).as_deref());
    lines.optional(coverage.reason_of_loss.map(CodeTable::code));
    lines.optional(coverage.card_issued_on.map(date_text).as_deref());
    lines.optional(coverage.card_valid_from.map(date_text).as_deref());
    lines.optional(coverage.card_valid_until.map(date_text).as_deref());
    lines.optional(coverage.copay_ratio.map(CodeTable::code));
    lines.field(&at::write_ceilings(&coverage.ceiling_certificates));
    lines.field(&at::write_elderly(&coverage.elderly_certificates));
    lines.field(&at::write_specific_diseases(&coverage.specific_disease_certificates));
}

fn write_ticket<W: Write>(lines: &mut LineWriter<W>, ticket: &MedicalTicket) {
    let nth = |list: &[String], index: usize| list.get(index).cloned().unwrap_or_default();
    lines.field(TICKET);
    lines.field(ticket.ticket_type.code());
    lines.field(&date_text(ticket.valid_from));
    lines.field(&date_text(ticket.valid_until));
    lines.field(&ticket.issue_number);
    lines.field(&month_text(ticket.treatment_month));
    lines.field(ticket.institution_code.as_str());
    lines.field(&ticket.institution_name);
    lines.optional(ticket.prescriber.as_ref().map(|prescriber| prescriber.code.as_str()));
    lines.optional(ticket.prescriber.as_ref().map(|prescriber| prescriber.name.as_str()));
    (0..3).for_each(|index| lines.field(&nth(&ticket.injury_names, index)));
    lines.field(ticket.treatment_type.code());
    lines.field(&ticket.self_pay_yen.to_string());
    lines.optional(ticket.district_contact.as_deref());
    lines.optional(ticket.handling_contact.as_deref());
    lines.field(ticket.single_or_combined.code());
    lines.field(ticket.social_insurance.code());
    lines.field(if ticket.inconsistent { "1" } else { "0" });
    lines.field(ticket.infection.code());
    lines.field(ticket.elderly_medical_care.code());
    lines.field(ticket.prefectural_expense.code());
    (0..3).for_each(|index| lines.field(&nth(&ticket.remarks, index)));
}

/// Reads a coverage file as an iterator over its coverages and its row errors.
///
/// Only when the iterator is exhausted without an error is the file whole: then [`Self::summary`] is there.
pub struct CoverageFileReader<R: BufRead> {
    lines: LineReader<R>,
    insurer_number: InsurerNumber,
    /// The coverage whose tickets may still follow.
    pending: Option<Coverage>,
    /// Whether tickets belong to `pending`; not after a wrong coverage line.
    attach: bool,
}

impl<R: BufRead> CoverageFileReader<R> {
    /// Reads the first two lines.
    ///
    /// # Errors
    /// A fatal [`RowError`] when it is no coverage file of this version.
    pub fn new(input: R) -> Result<Self, RowError> {
        let mut lines = LineReader::new(input);
        let header = lines.header(FORMAT, 1, COVERAGE_COLUMNS)?;
        let number = header.first().and_then(|number| insurer(number));
        let Some(insurer_number) = number else {
            let remedy = "write the insurer's 6 or 8 digits";
            let fault = fault("insurer_number", "this is no insurer number", remedy);
            return Err(RowError { fatal: true, ..fault.at(1) });
        };
        Ok(Self { lines, insurer_number, pending: None, attach: false })
    }

    /// Whose file it is.
    #[must_use]
    pub fn insurer_number(&self) -> &InsurerNumber {
        &self.insurer_number
    }

    /// Number of records and content hash, once the last line was read and agreed.
    #[must_use]
    pub fn summary(&self) -> Option<&FileSummary> {
        self.lines.summary()
    }

    /// The line read last, counted from 1: how far reading is.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.lines.number()
    }

    /// Takes the line just read; gives the coverage that became complete.
    fn take_line(&mut self) -> Result<Option<Coverage>, Fault> {
        let fields = self.lines.fields();
        match fields.get(0) {
            COVERAGE => {
                self.attach = false;
                let coverage = Row::new(fields, COVERAGE_COLUMNS)
                    .and_then(|row| read_coverage(&row, &self.insurer_number));
                self.lines.count_record();
                let complete = self.pending.replace(coverage?);
                self.attach = true;
                Ok(complete)
            }
            TICKET => {
                let ticket = read_ticket(&Row::new(fields, TICKET_COLUMNS)?)?;
                self.attach_ticket(ticket)?;
                Ok(None)
            }
            _ => Err(fault("record", "unknown kind of record", "write C for a coverage, T for a ticket")),
        }
    }

    fn attach_ticket(&mut self, ticket: MedicalTicket) -> Result<(), Fault> {
        let remedy = "write a ticket after its coverage of classification A1, at most 64";
        match &mut self.pending {
            Some(coverage) if self.attach => {
                let full = coverage.medical_tickets.len() == MAX_CERTIFICATES;
                if full || coverage.classification != CardClassification::PublicAssistance {
                    return Err(fault("record", "the coverage before this ticket cannot have it", remedy));
                }
                coverage.medical_tickets.push(ticket);
                Ok(())
            }
            // Its coverage line was wrong and is reported already.
            _ if self.lines.number() > 3 => Ok(()),
            _ => Err(fault("record", "no coverage stands before this ticket", remedy)),
        }
    }
}

impl<R: BufRead> Iterator for CoverageFileReader<R> {
    type Item = Result<Coverage, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.lines.next_record() {
                Err(error) => {
                    self.attach = false;
                    return Some(Err(error));
                }
                Ok(false) => return self.pending.take().map(Ok),
                Ok(true) => {}
            }
            match self.take_line() {
                Ok(Some(coverage)) => return Some(Ok(coverage)),
                Ok(None) => {}
                Err(fault) => return Some(Err(self.lines.refuse(fault))),
            }
        }
    }
}

fn read_coverage(row: &Row<'_>, insurer_number: &InsurerNumber) -> Result<Coverage, Fault> {
    let coverage = Coverage {
        coverage_id: row.required_text(at::COVERAGE_ID)?,
        person_key: PersonKey(row.required_text(at::PERSON_KEY)?),
        person: read_person(row)?,
        insurer_number: insurer_number.clone(),
        insured_symbol: row.text(at::SYMBOL),
        insured_number: row.required_text(at::NUMBER)?,
        branch_number: row.optional(at::BRANCH, "write two digits", two_digits)?,
        relation: row.code(at::RELATION)?,
        insured_name: row.text(at::INSURED_NAME),
        classification: row.required_code(at::CLASSIFICATION)?,
        qualified_on: row.required_date(at::QUALIFIED_ON)?,
        disqualified_on: row.date(at::DISQUALIFIED_ON)?,
        reason_of_loss: row.code(at::REASON_OF_LOSS)?,
        card_issued_on: row.date(at::CARD_ISSUED_ON)?,
        card_valid_from: row.date(at::CARD_VALID_FROM)?,
        card_valid_until: row.date(at::CARD_VALID_UNTIL)?,
        copay_ratio: row.optional(at::COPAY_RATIO, "write 010, 020 or 030", ratio)?,
        ceiling_certificates: row
            .optional(at::CEILINGS, CERTIFICATE_FORM, at::read_ceilings)?
            .unwrap_or_default(),
        elderly_certificates: row
            .optional(at::ELDERLY, CERTIFICATE_FORM, at::read_elderly)?
            .unwrap_or_default(),
        specific_disease_certificates: row
            .optional(at::SPECIFIC_DISEASES, CERTIFICATE_FORM, at::read_specific_diseases)?
            .unwrap_or_default(),
        medical_tickets: Vec::new(),
    };
    if coverage.disqualified_on.is_some_and(|lost| lost < coverage.qualified_on) {
        return Err(fault(
            row.name(at::DISQUALIFIED_ON),
            "before qualified_on",
            "correct one of the two dates",
        ));
    }
    if coverage.reason_of_loss.is_some() && coverage.disqualified_on.is_none() {
        return Err(fault(row.name(at::REASON_OF_LOSS), "without disqualified_on", "fill both or neither"));
    }
    Ok(coverage)
}

fn two_digits(text: &str) -> Option<String> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

fn read_person(row: &Row<'_>) -> Result<Person, Fault> {
    Ok(Person {
        name: row.required_text(at::NAME)?,
        kana: row.text(at::KANA),
        other_name: row.text(at::OTHER_NAME),
        other_kana: row.text(at::OTHER_KANA),
        birthdate: row.required_date(at::BIRTHDATE)?,
        sex: row.required_code(at::SEX)?,
        sex_on_back: row.code(at::SEX_ON_BACK)?,
        address: row.text(at::ADDRESS),
        postcode: row.text(at::POSTCODE),
        protection: Protection {
            address_withheld: row.flag(at::ADDRESS_WITHHELD)?,
            self_access_blocked: row.flag(at::SELF_ACCESS_BLOCKED)?,
        },
    })
}

fn read_ticket(row: &Row<'_>) -> Result<MedicalTicket, Fault> {
    let several = |indexes: [usize; 3]| indexes.into_iter().filter_map(|index| row.text(index)).collect();
    let prescriber = match (row.text(at::PRESCRIBER_CODE), row.text(at::PRESCRIBER_NAME)) {
        (None, None) => None,
        (code, name) => Some(Prescriber { code: code.unwrap_or_default(), name: name.unwrap_or_default() }),
    };
    Ok(MedicalTicket {
        ticket_type: row.required_code(at::TICKET_TYPE)?,
        valid_from: row.required_date(at::TICKET_FROM)?,
        valid_until: row.required_date(at::TICKET_UNTIL)?,
        issue_number: row.required_text(at::ISSUE_NUMBER)?,
        treatment_month: row.required(at::TREATMENT_MONTH, "write YYYY-MM", month)?,
        institution_code: row.required(at::INSTITUTION_CODE, "write ten digits", institution)?,
        institution_name: row.required_text(at::INSTITUTION_NAME)?,
        prescriber,
        injury_names: several([at::INJURY_1, at::INJURY_2, at::INJURY_3]),
        treatment_type: row.required_code(at::TREATMENT_TYPE)?,
        self_pay_yen: row.number(at::SELF_PAY_YEN)?,
        district_contact: row.text(at::DISTRICT_CONTACT),
        handling_contact: row.text(at::HANDLING_CONTACT),
        single_or_combined: row.required_code(at::SINGLE_OR_COMBINED)?,
        social_insurance: row.required_code(at::SOCIAL_INSURANCE)?,
        inconsistent: row.flag(at::INCONSISTENT)?,
        infection: row.required_code(at::INFECTION)?,
        elderly_medical_care: row.required_code(at::ELDERLY_CARE)?,
        prefectural_expense: row.required_code(at::PREFECTURAL)?,
        remarks: several([at::REMARK_1, at::REMARK_2, at::REMARK_3]),
    })
}
