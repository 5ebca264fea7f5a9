//! `YuNet`: where are faces, and where in them are eyes, nose and mouth.

use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool};
use rten_tensor::{NdTensor, NdTensorView};
use zeroize::Zeroizing;

use crate::{Area, EngineError, Found, Landmarks, Picture, Point};

const NAME: &str = "YuNet";
/// Pixels between the places that each of the three layers looks at.
const STRIDES: [(usize, f32); 3] = [(8, 8.0), (16, 16.0), (32, 32.0)];
/// Both sides of what is looked at are multiples of this.
const MULTIPLE: usize = 32;
/// A picture is made smaller than this before it is looked at: faces of interest are large.
const LONGEST_SIDE: usize = 640;
/// Below this the detector sees faces where there are none.
const CONFIDENCE: f32 = 0.7;
/// Of two finds that overlap by more than this the less sure one is the same face.
const OVERLAP: f32 = 0.3;
/// More finds than this are no picture of a person.
const MOST_FINDS: usize = 2000;

pub(crate) struct Detector {
    model: Model,
    input: NodeId,
    layers: [Layer; 3],
    threads: Arc<ThreadPool>,
}

struct Layer {
    stride: usize,
    pixels: f32,
    class: NodeId,
    object: NodeId,
    boxes: NodeId,
    points: NodeId,
}

impl Detector {
    pub(crate) fn new(model: Model, threads: Arc<ThreadPool>) -> Result<Self, EngineError> {
        let node = |name: String| model.node_id(&name).map_err(|reason| EngineError::new(NAME, reason));
        let layer = |(stride, pixels): (usize, f32)| {
            Ok::<_, EngineError>(Layer {
                stride,
                pixels,
                class: node(format!("cls_{stride}"))?,
                object: node(format!("obj_{stride}"))?,
                boxes: node(format!("bbox_{stride}"))?,
                points: node(format!("kps_{stride}"))?,
            })
        };
        let layers = [layer(STRIDES[0])?, layer(STRIDES[1])?, layer(STRIDES[2])?];
        let input = node("input".to_owned())?;
        Ok(Self { model, input, layers, threads })
    }

    pub(crate) fn find(&self, picture: &Picture) -> Result<Vec<Found>, EngineError> {
        let seen = Seen::of(picture);
        let mut finds = Vec::new();
        let tensors = self.run(&seen)?;
        for (layer, tensors) in self.layers.iter().zip(tensors.chunks_exact(4)) {
            layer.read(&seen, tensors, &mut finds)?;
        }
        if finds.len() > MOST_FINDS {
            return Err(EngineError::new(NAME, "too many finds"));
        }
        Ok(each_once(finds).into_iter().map(|found| seen.in_the_picture(found)).collect())
    }

    fn run(&self, seen: &Seen) -> Result<Vec<Zeroizing<Vec<f32>>>, EngineError> {
        let input = NdTensorView::from_data([1, 3, seen.height, seen.width], &seen.planes[..]);
        let outputs: Vec<_> = self
            .layers
            .iter()
            .flat_map(|layer| [layer.class, layer.object, layer.boxes, layer.points])
            .collect();
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let values = self
            .model
            .run(vec![(self.input, input.into())], &outputs, Some(options))
            .map_err(|reason| EngineError::new(NAME, reason))?;
        values
            .into_iter()
            .map(|value| {
                let tensor: NdTensor<f32, 3> =
                    value.try_into().map_err(|_| EngineError::new(NAME, "an output of another kind"))?;
                Ok(Zeroizing::new(tensor.into_data()))
            })
            .collect()
    }
}

impl Layer {
    fn read(
        &self,
        seen: &Seen,
        tensors: &[Zeroizing<Vec<f32>>],
        finds: &mut Vec<Found>,
    ) -> Result<(), EngineError> {
        let [class, object, boxes, points] = tensors else {
            return Err(EngineError::new(NAME, "an output is missing"));
        };
        let columns = seen.width / self.stride;
        let places = columns * (seen.height / self.stride);
        let fit = class.len() == places && object.len() == places;
        if !fit || boxes.len() != 4 * places || points.len() != 10 * places {
            return Err(EngineError::new(NAME, "an output of another size"));
        }
        let each = class.iter().zip(object.iter()).zip(boxes.chunks_exact(4)).zip(points.chunks_exact(10));
        for (place, (((class, object), around), points)) in each.enumerate() {
            let confidence = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
            if confidence >= CONFIDENCE {
                let at = Point::new(whole(place % columns), whole(place / columns));
                finds.push(self.found(at, around, points, confidence));
            }
        }
        Ok(())
    }

    fn found(&self, at: Point, around: &[f32], points: &[f32], confidence: f32) -> Found {
        let (width, height) = (around[2].exp() * self.pixels, around[3].exp() * self.pixels);
        let (x, y) = ((at.x + around[0]) * self.pixels, (at.y + around[1]) * self.pixels);
        let corner = Point::new(x - width / 2.0, y - height / 2.0);
        let point = |index: usize| {
            let (right, down) = (points[2 * index], points[2 * index + 1]);
            Point::new((right + at.x) * self.pixels, (down + at.y) * self.pixels)
        };
        Found {
            area: Area { corner, width, height },
            landmarks: Landmarks::from_points([point(0), point(1), point(2), point(3), point(4)]),
            confidence,
        }
    }
}

/// The surest find of each face.
fn each_once(mut finds: Vec<Found>) -> Vec<Found> {
    finds.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut faces: Vec<Found> = Vec::new();
    for found in finds {
        if faces.iter().all(|face| face.area.overlap(&found.area) <= OVERLAP) {
            faces.push(found);
        }
    }
    faces
}

/// What the detector looks at: the picture, made smaller if it is large, black on the right and below up to the next
/// multiple of 32. Wiped when dropped.
struct Seen {
    width: usize,
    height: usize,
    /// Blue, green, red planes.
    planes: Zeroizing<Vec<f32>>,
    /// Pixels of the picture for one of these.
    scale: f32,
}

impl Seen {
    fn of(picture: &Picture) -> Self {
        let longest = picture.width().max(picture.height());
        let scale = if longest > LONGEST_SIDE { whole(longest) / whole(LONGEST_SIDE) } else { 1.0 };
        let shrunk = |side: usize| if longest > LONGEST_SIDE { side * LONGEST_SIDE / longest } else { side };
        let (columns, rows) = (shrunk(picture.width()).max(1), shrunk(picture.height()).max(1));
        let (width, height) = (columns.next_multiple_of(MULTIPLE), rows.next_multiple_of(MULTIPLE));
        let mut planes = Zeroizing::new(vec![0.0; 3 * width * height]);
        for y in 0..rows {
            for x in 0..columns {
                let [red, green, blue] = if longest > LONGEST_SIDE {
                    // The middle of the pixel here is the middle of what it stands for there.
                    let there = |at: usize| (whole(at) + 0.5) * scale - 0.5;
                    picture.between(Point::new(there(x).max(0.0), there(y).max(0.0)))
                } else {
                    let from = 3 * (y * picture.width() + x);
                    [0, 1, 2].map(|channel| f32::from(picture.pixels()[from + channel]))
                };
                for (plane, value) in [blue, green, red].into_iter().enumerate() {
                    planes[(plane * height + y) * width + x] = value;
                }
            }
        }
        Self { width, height, planes, scale }
    }

    fn in_the_picture(&self, found: Found) -> Found {
        Found {
            area: found.area.scaled(self.scale),
            landmarks: Landmarks::from_points(found.landmarks.points().map(|point| point.scaled(self.scale))),
            confidence: found.confidence,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of pixels, far below 2^24")]
fn whole(number: usize) -> f32 {
    number as f32
}
