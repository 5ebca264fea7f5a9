//! The form with the file.

use axum::extract::Request;
use axum::http::header;
use multer::{Constraints, Multipart, SizeLimit};

use crate::web::FormData;
use crate::web::once::{self, Once};

/// Longest file, bytes.
pub(super) const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Longest other field, bytes.
const FIELD_BYTES_MAX: u64 = 256;

/// What was handed in.
pub(super) struct Handed {
    /// The form's own id.
    pub(super) form_id: String,
    /// Numbers are registered; otherwise eligibility is asked for.
    pub(super) registers: bool,
    /// 資格確認日 as typed.
    pub(super) day: String,
    /// What the file is called on the user's machine; empty when the browser does not say.
    pub(super) name: String,
    /// The file; `None` when it is too large.
    pub(super) file: Option<Vec<u8>>,
}

/// Reads the form; `None` when it is none of ours.
pub(super) async fn read(request: Request) -> Option<Handed> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let limits = SizeLimit::new()
        .whole_stream(FILE_BYTES_MAX + 16 * FIELD_BYTES_MAX + 4096)
        .for_field("file", FILE_BYTES_MAX)
        .for_field("kind", FIELD_BYTES_MAX)
        .for_field("day", FIELD_BYTES_MAX)
        .for_field(once::FIELD, FIELD_BYTES_MAX);
    let fields = vec!["file", "kind", "day", once::FIELD];
    let constraints = Constraints::new().allowed_fields(fields).size_limit(limits);
    let mut parts =
        Multipart::with_constraints(request.into_body().into_data_stream(), boundary, constraints);
    let (mut file, mut called) = (Some(Vec::new()), String::new());
    let mut pairs = Vec::new();
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(error) if is_too_large(&error) => {
                file = None;
                break;
            }
            Err(_) => return None,
        };
        let name = part.name()?.to_owned();
        if name != "file" {
            pairs.push((name, part.text().await.ok()?));
            continue;
        }
        called = part.file_name().unwrap_or_default().to_owned();
        file = match part.bytes().await {
            Ok(bytes) => Some(bytes.to_vec()),
            Err(error) if is_too_large(&error) => None,
            Err(_) => return None,
        };
        if file.is_none() {
            break;
        }
    }
    let form = FormData::from(pairs);
    Once::of_form(&form)?;
    Some(Handed {
        form_id: form.text(once::FIELD),
        registers: form.get("kind") == BulkKindField::REGISTER,
        day: form.text("day"),
        name: called,
        file,
    })
}

/// Values of the choice.
struct BulkKindField;

impl BulkKindField {
    const REGISTER: &'static str = "reference_numbers";
}

const fn is_too_large(error: &multer::Error) -> bool {
    matches!(error, multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. })
}
