//! A form with a file in it.

use axum::{extract::Request, http::header};
use multer::{Constraints, Multipart, SizeLimit};

use crate::certificate::{Fault, MAX_FILE_BYTES};

/// Longest password taken, bytes.
const PASSWORD_BYTES_MAX: u64 = 1024;

/// The file and the password of the form.
pub(super) async fn read(request: Request) -> Result<(Vec<u8>, String), Fault> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary =
        kind.and_then(|kind| multer::parse_boundary(kind).ok()).ok_or(Fault::NoCertificateInFile)?;
    let most = MAX_FILE_BYTES as u64;
    let limits = SizeLimit::new()
        .whole_stream(most + 16 * PASSWORD_BYTES_MAX)
        .for_field("file", most)
        .for_field("password", PASSWORD_BYTES_MAX);
    let constraints = Constraints::new().allowed_fields(vec!["file", "password"]).size_limit(limits);
    let stream = request.into_body().into_data_stream();
    let mut parts = Multipart::with_constraints(stream, boundary, constraints);
    let (mut file, mut password) = (Vec::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(|error| fault(&error))? {
        match part.name() {
            Some("file") => file = part.bytes().await.map_err(|error| fault(&error))?.to_vec(),
            _ => password = part.text().await.map_err(|error| fault(&error))?,
        }
    }
    if file.is_empty() {
        return Err(Fault::NoFile);
    }
    Ok((file, password))
}

fn fault(error: &multer::Error) -> Fault {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => Fault::TooLarge,
        _ => Fault::NoCertificateInFile,
    }
}
