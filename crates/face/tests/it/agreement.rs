//! Points and templates are those that ONNX Runtime computes from the same files.

use face::{Embedding, Picture, Point};
use zeroize::Zeroizing;

use crate::support::{installed, models, painted, pixel, portrait, python, verifier};

const PORTRAITS: [&str; 5] = ["impostor_1", "impostor_2", "person_a_2", "person_b_1", "person_b_2"];
/// The detector's declared size, which ONNX Runtime insists on.
const SIDE: u32 = 640;

struct Theirs {
    points: Vec<Point>,
    template: Embedding,
}

#[test]
fn points_and_templates_agree_with_onnx_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let pictures: Vec<Picture> = PORTRAITS.iter().map(|name| cut(&portrait(name))).collect();
    let (detector, recogniser) = (models().detector.path, models().recogniser.path);
    let paths: Vec<_> = PORTRAITS.iter().map(|name| folder.path().join(name)).collect();
    for (picture, path) in pictures.iter().zip(&paths) {
        std::fs::write(path, picture.pixels()).unwrap();
    }
    let mut arguments = vec![detector.as_path(), recogniser.as_path()];
    arguments.extend(paths.iter().map(|path| path.as_path()));
    let theirs = read(&python("reference.py", &arguments));
    assert_eq!(theirs.len(), PORTRAITS.len());
    for ((name, picture), theirs) in PORTRAITS.iter().zip(&pictures).zip(&theirs) {
        let ours = verifier().look(picture).unwrap();
        let apart = ours.landmarks.points().into_iter().zip(&theirs.points);
        let apart = apart.map(|(ours, theirs)| ours.distance(*theirs)).fold(0.0, f32::max);
        let cosine = ours.embedding.compare(&theirs.template).value();
        println!("{name}: points at most {apart:.5} px apart, cosine of the templates {cosine:.6}");
        assert!(apart < 0.05, "{name}: {apart}");
        assert!(cosine > 0.999, "{name}: {cosine}");
    }
    // Were all templates alike, they would agree with anything.
    assert!(theirs[0].template.compare(&theirs[1].template).value() < 0.5);
    assert!(installed("models/YuNet.txt").is_file() && installed("models/LICENSE-APACHE").is_file());
}

/// The upper left part, in the one size that ONNX Runtime takes.
fn cut(portrait: &Picture) -> Picture {
    painted(SIDE, SIDE, |x, y| pixel(portrait, x as usize, y as usize))
}

fn read(json: &str) -> Vec<Theirs> {
    let all: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap() as f32;
    all.iter()
        .map(|one| {
            let points = one["points"].as_array().unwrap();
            let template = one["template"].as_array().unwrap();
            Theirs {
                points: points.iter().map(|at| Point::new(number(&at[0]), number(&at[1]))).collect(),
                template: Embedding::new(Zeroizing::new(template.iter().map(number).collect())).unwrap(),
            }
        })
        .collect()
}
