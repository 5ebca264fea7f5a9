//! What the rows of a chunk ask, and what they are answered.

use std::sync::Arc;

use eligibility::codes::{CeilingChange, InquiryMethod, ProcessingStatus};
use eligibility::disclosure::Disclosure;
use eligibility::errors::ErrorCode;
use eligibility::matching::NumberKey;
use eligibility::person::PersonKey;
use eligibility::reference_number::{Registration, RegistrationOutcome};
use eligibility::verification::{Decision, NumberQuery, decide_by_number, decide_entrusted};
use eligibility::{Date, Instant};
use store::audit::AuditEvent;
use store::{BulkJob, BulkRowAct, BulkRowFate, ChunkAnswer, MakeAnswer, NumberContext, RowLookup};
use wire::bulk::{BulkRow, problems_message};
use wire::compose::{self, AnswerContext};
use wire::message::{
    BulkAnswerBody, BulkConfirmUnit, BulkQualification, BulkRegistrationUnit, FieldProblem, Outcome,
    QualificationResult,
};
use wire::terminal_api::outcome_of;

use super::packed::pack;
use super::worker::Stop;
use crate::terminal_api::Api;

/// Rows decided without giving way to what else the runtime has to do.
const ROWS_AT_ONCE: usize = 25;

/// What a chunk does, and what makes its answer.
pub(super) struct Worked {
    pub(super) acts: Vec<BulkRowAct>,
    pub(super) make: MakeAnswer,
}

/// A row's answer, and the person it tells of.
struct Answered {
    unit: BulkConfirmUnit,
    person: Option<(PersonKey, &'static str)>,
}

/// What rows lead to.
async fn look_up(api: &Api, job: &BulkJob, rows: Vec<RowLookup>) -> Result<Vec<NumberContext>, Stop> {
    Ok(api.store.look_up_rows(&job.institution_code, rows).await?)
}

/// What is composed with: what needs consent, and 限度額, is no part of a bulk answer.
fn context(job: &BulkJob, as_of: Date, now: Instant) -> AnswerContext<'_> {
    AnswerContext {
        method: InquiryMethod::Number,
        as_of,
        executed_at: now,
        institution: &job.institution_code,
        disclosure: Disclosure::by_number(false),
        consents: &[],
        reference_number: None,
        prescription_issue_select: None,
        notice: None,
    }
}

/// The coverages of a decision with their insurers' names.
async fn composed(
    api: &Api,
    decision: &Decision,
    context: &AnswerContext<'_>,
) -> Result<Vec<QualificationResult>, Stop> {
    let mut results = Vec::with_capacity(decision.coverages.len());
    for coverage in &decision.coverages {
        let name = api.insurer_names.of(&coverage.insurer_number).await?;
        results.push(compose::qualification(coverage, context, &name));
    }
    Ok(results)
}

fn unit(outcome: Outcome) -> BulkConfirmUnit {
    BulkConfirmUnit {
        search_info: None,
        processing_result_status: outcome.status.into(),
        processing_result_code: outcome.code,
        processing_result_message: outcome.message,
        qualification_validity: None,
        result: None,
        results: Vec::new(),
        reference_numbers: Vec::new(),
    }
}

fn wrong_row(problems: &[FieldProblem]) -> Outcome {
    Outcome::error_with(ErrorCode::FieldFormat, &problems_message(problems))
}

fn own_number(context: &NumberContext, person: Option<&PersonKey>) -> Vec<String> {
    let own = |(key, _): &&(PersonKey, String)| Some(key) == person;
    context.reference_numbers.iter().find(own).map(|(_, number)| number.clone()).into_iter().collect()
}

/// 資格確認一括照会.
pub(super) async fn eligibility(
    api: &Api,
    job: &BulkJob,
    rows: Vec<BulkRow>,
    (position, as_of, now): (u32, Date, Instant),
) -> Result<Worked, Stop> {
    let queries: Vec<Result<NumberQuery, Vec<FieldProblem>>> =
        rows.iter().map(|row| row.query(as_of)).collect();
    let lookup = |query: &NumberQuery| RowLookup::ByNumber {
        insurer: query.insurer_number.clone(),
        number: NumberKey::of(&query.insured_number),
        birthdate: query.birthdate,
    };
    let lookups = queries.iter().filter_map(|query| query.as_ref().ok()).map(lookup).collect();
    let mut found = look_up(api, job, lookups).await?.into_iter();
    let (mut acts, mut answers) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (place, (row, query)) in rows.iter().zip(&queries).enumerate() {
        let mut answered = match query {
            Err(problems) => {
                acts.push(BulkRowAct::Free);
                Answered { unit: unit(wrong_row(problems)), person: None }
            }
            Ok(query) => {
                let context = found.next().unwrap_or_default();
                let decision = decide_by_number(query, &context.coverages, &job.institution_code);
                acts.push(BulkRowAct::Asked { wrong: decision.is_wrong_guess() });
                told(api, job, (&decision, &context), (as_of, now)).await?
            }
        };
        answered.unit.search_info = Some(row.search_info());
        answers.push(answered);
        if place % ROWS_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(Worked { acts, make: make_units(job, position, answers)? })
}

async fn told(
    api: &Api,
    job: &BulkJob,
    (decision, context): (&Decision, &NumberContext),
    (as_of, now): (Date, Instant),
) -> Result<Answered, Stop> {
    let person = decision.coverages.first().map(|coverage| coverage.person_key.clone());
    let mut told = unit(decision.error().map_or_else(Outcome::ok, Outcome::error));
    let mut results = composed(api, decision, &self::context(job, as_of, now)).await?;
    told.qualification_validity = Some(decision.validity.into());
    told.reference_numbers = own_number(context, person.as_ref());
    // What the institution was told of the ceiling before is not kept, so whether it changed cannot be known.
    if !results.is_empty() {
        told.result = Some(BulkQualification::of(results.swap_remove(0), CeilingChange::ChangedOrUnknown));
    }
    Ok(Answered { unit: told, person: person.map(|person| (person, decision.validity.code())) })
}

/// 委託先資格情報: everybody of the chunk whose tickets are still there.
pub(super) async fn entrusted(
    api: &Api,
    job: &BulkJob,
    people: Vec<String>,
    (position, month, now): (u32, Date, Instant),
) -> Result<Worked, Stop> {
    let lookups = people.into_iter().map(|key| RowLookup::Person(PersonKey(key))).collect();
    let found = look_up(api, job, lookups).await?;
    let mut answers = Vec::with_capacity(found.len());
    for context in &found {
        let Some(decision) = decide_entrusted(&context.coverages, &job.institution_code, month) else {
            continue;
        };
        let as_of = decision.coverages.first().and_then(|coverage| coverage.medical_tickets.first());
        let as_of = as_of.map_or(month, |ticket| ticket.valid_from);
        let person = decision.coverages.first().map(|coverage| coverage.person_key.clone());
        let mut told = unit(Outcome::ok());
        told.qualification_validity = Some(decision.validity.into());
        told.results = composed(api, &decision, &self::context(job, as_of, now)).await?;
        told.reference_numbers = own_number(context, person.as_ref());
        let person = person.map(|person| (person, decision.validity.code()));
        answers.push(Answered { unit: told, person });
    }
    let acts = vec![BulkRowAct::Free; answers.len()];
    Ok(Worked { acts, make: make_units(job, position, answers)? })
}

/// The answer of a chunk about people. It is packed beforehand for the usual case that no row is held back: the commit
/// has no time for it.
fn make_units(job: &BulkJob, position: u32, answers: Vec<Answered>) -> Result<MakeAnswer, Stop> {
    let whole = finished(job, position, &answers).ok_or(Stop::Broken("packing"))?;
    let job = job.clone();
    Ok(Arc::new(move |fates: &[BulkRowFate]| {
        if !fates.contains(&BulkRowFate::HeldBack) {
            return whole.clone();
        }
        let kept: Vec<Answered> = answers
            .iter()
            .zip(fates)
            .map(|(answered, fate)| match fate {
                BulkRowFate::HeldBack => {
                    let held = unit(Outcome::error(ErrorCode::NumberChecksLimited));
                    let search_info = answered.unit.search_info.clone();
                    Answered { unit: BulkConfirmUnit { search_info, ..held }, person: None }
                }
                _ => Answered { unit: answered.unit.clone(), person: answered.person.clone() },
            })
            .collect();
        // What was packed once can be packed again.
        finished(&job, position, &kept).unwrap_or_else(|| whole.clone())
    }))
}

fn finished(job: &BulkJob, position: u32, answers: &[Answered]) -> Option<ChunkAnswer> {
    let units = answers.iter().map(|answered| answered.unit.clone()).collect();
    let is_ok = |answered: &&Answered| answered.unit.processing_result_status.is(ProcessingStatus::Ok);
    let normal = u32::try_from(answers.iter().filter(is_ok).count()).unwrap_or(u32::MAX);
    let errors = u32::try_from(answers.len()).unwrap_or(u32::MAX).saturating_sub(normal);
    let people = answers.iter().filter_map(|answered| answered.person.as_ref());
    let people: Vec<String> = people.map(|(person, validity)| format!("{}={validity}", person.0)).collect();
    Some(ChunkAnswer {
        answer: pack(&BulkAnswerBody { units, registrations: Vec::new() })?,
        normal,
        errors,
        audit: audit(job, position, (normal, errors), &people),
    })
}

/// One entry for a chunk, with everybody it tells of.
fn audit(job: &BulkJob, position: u32, (normal, errors): (u32, u32), people: &[String]) -> AuditEvent {
    AuditEvent {
        actor: job.actor.clone(),
        action: format!("bulk.{}", job.kind.name()),
        object: format!("bulk:{}/{position}", job.reception_number.as_str()),
        outcome: format!("normal:{normal} error:{errors}"),
        detail: format!("people:{}", people.join(",")),
    }
}

/// 照会番号一括登録.
pub(super) async fn registrations(
    api: &Api,
    job: &BulkJob,
    rows: Vec<BulkRow>,
    position: u32,
) -> Result<Worked, Stop> {
    let wanted: Vec<Result<Registration, Vec<FieldProblem>>> =
        rows.iter().map(BulkRow::registration).collect();
    let lookup = |wanted: &Registration| RowLookup::ByNumberAlone {
        insurer: wanted.insurer_number.clone(),
        number: NumberKey::of(&wanted.insured_number),
    };
    let lookups = wanted.iter().filter_map(|wanted| wanted.as_ref().ok()).map(lookup).collect();
    let mut found = look_up(api, job, lookups).await?.into_iter();
    let (mut acts, mut prepared) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (row, wanted) in rows.iter().zip(wanted) {
        let (outcome, person) = match wanted {
            Err(problems) => {
                acts.push(BulkRowAct::Free);
                (wrong_row(&problems), None)
            }
            Ok(wanted) => {
                let person = wanted.person(&found.next().unwrap_or_default().coverages);
                acts.push(BulkRowAct::Register { person: person.clone(), number: wanted.reference_number });
                (Outcome::ok(), person)
            }
        };
        let unit = BulkRegistrationUnit {
            info: Some(row.registration_info()),
            processing_result_status: outcome.status.into(),
            processing_result_code: outcome.code,
            processing_result_message: outcome.message,
        };
        prepared.push((unit, person));
    }
    let job = job.clone();
    Ok(Worked {
        acts,
        make: Arc::new(move |fates: &[BulkRowFate]| registered(&job, position, &prepared, fates)),
    })
}

fn registered(
    job: &BulkJob,
    position: u32,
    prepared: &[(BulkRegistrationUnit, Option<PersonKey>)],
    fates: &[BulkRowFate],
) -> ChunkAnswer {
    let (mut units, mut people, mut normal) = (Vec::with_capacity(prepared.len()), Vec::new(), 0_u32);
    for ((unit, person), fate) in prepared.iter().zip(fates) {
        let mut unit = unit.clone();
        if let BulkRowFate::Registration(ended) = fate {
            let outcome = outcome_of(*ended);
            unit.processing_result_status = outcome.status.into();
            unit.processing_result_code = outcome.code;
            unit.processing_result_message = outcome.message;
            if *ended == RegistrationOutcome::Registered {
                people.extend(person.as_ref().map(|person| format!("{}=registered", person.0)));
            }
        }
        normal += u32::from(unit.processing_result_status.is(ProcessingStatus::Ok));
        units.push(unit);
    }
    let errors = u32::try_from(units.len()).unwrap_or(u32::MAX).saturating_sub(normal);
    let audit = audit(job, position, (normal, errors), &people);
    let body = BulkAnswerBody { units: Vec::new(), registrations: units };
    ChunkAnswer { answer: pack(&body).unwrap_or_default(), normal, errors, audit }
}
