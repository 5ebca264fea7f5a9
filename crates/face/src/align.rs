//! The face as the embedding wants it: turned upright, its five points in set places, 112 by 112 pixels.

use zeroize::Zeroizing;

use crate::{Landmarks, Picture, Point};

/// Width and height of an aligned face, in pixels.
pub const SIDE: usize = 112;

/// Where the five points of an aligned face lie: what the embedding was trained with.
const PLACES: [Point; 5] = [
    Point::new(38.2946, 51.6963),
    Point::new(73.5318, 51.5014),
    Point::new(56.0252, 71.7366),
    Point::new(41.5493, 92.3655),
    Point::new(70.7299, 92.2041),
];

/// An aligned face: red, green and blue planes one after the other, each value 0 to 255. Wiped when dropped.
pub struct Aligned {
    pub(crate) planes: Zeroizing<Vec<f32>>,
}

impl Aligned {
    /// `3 × 112 × 112` values: the red plane row by row, then green, then blue.
    #[must_use]
    pub fn planes(&self) -> &[f32] {
        &self.planes
    }

    /// How sharp the face is: the variance of its second derivative, in squared steps of grey. A face out of focus
    /// has almost none, whatever the camera.
    #[must_use]
    pub fn sharpness(&self) -> f32 {
        let grey = self.grey();
        let (mut sum, mut squares, mut count) = (0.0_f32, 0.0_f32, 0.0_f32);
        // The face itself: hair and background at the edges say nothing about focus.
        for y in 24..SIDE - 8 {
            for x in 20..SIDE - 20 {
                let at = y * SIDE + x;
                let second = grey[at - 1] + grey[at + 1] + grey[at - SIDE] + grey[at + SIDE] - 4.0 * grey[at];
                sum += second;
                squares = second.mul_add(second, squares);
                count += 1.0;
            }
        }
        let mean = sum / count;
        (squares / count - mean * mean).max(0.0)
    }

    fn grey(&self) -> Zeroizing<Vec<f32>> {
        let (red, rest) = self.planes.split_at(SIDE * SIDE);
        let (green, blue) = rest.split_at(SIDE * SIDE);
        let pixels = red.iter().zip(green).zip(blue);
        Zeroizing::new(
            pixels.map(|((red, green), blue)| 0.299 * red + 0.587 * green + 0.114 * blue).collect(),
        )
    }
}

/// Cuts the face out of the picture. `None` when the points have no extent.
#[must_use]
pub fn align(picture: &Picture, landmarks: &Landmarks) -> Option<Aligned> {
    let back = Similarity::between(&PLACES, &landmarks.points())?;
    let mut planes = Zeroizing::new(vec![0.0; 3 * SIDE * SIDE]);
    let mut row = 0.0;
    for y in 0..SIDE {
        let mut column = 0.0;
        for x in 0..SIDE {
            let pixel = picture.between(back.apply(Point::new(column, row)));
            for (plane, value) in pixel.into_iter().enumerate() {
                planes[(plane * SIDE + y) * SIDE + x] = value;
            }
            column += 1.0;
        }
        row += 1.0;
    }
    Some(Aligned { planes })
}

/// Turning, scaling and moving, without mirroring: `to = (a + bi) · from + moved`, as complex numbers.
struct Similarity {
    a: f32,
    b: f32,
    moved: Point,
}

impl Similarity {
    /// The one that brings `from` closest to `to`, by least squares.
    fn between(from: &[Point; 5], to: &[Point; 5]) -> Option<Self> {
        let middle = |points: &[Point; 5]| {
            let sum = points.iter().fold(Point::default(), |sum, at| Point::new(sum.x + at.x, sum.y + at.y));
            sum.scaled(0.2)
        };
        let (from_middle, to_middle) = (middle(from), middle(to));
        let (mut a, mut b, mut square) = (0.0, 0.0, 0.0);
        for (from, to) in from.iter().zip(to) {
            let (from, to) = (from.minus(from_middle), to.minus(to_middle));
            a += from.dot(to);
            b += from.x * to.y - from.y * to.x;
            square += from.dot(from);
        }
        let (a, b) = (a / square, b / square);
        // Points in one place, or no numbers: there is no face to cut out.
        if !(a.hypot(b) > 1e-3 && a.hypot(b) < 1e3) {
            return None;
        }
        let turned = Point::new(a * from_middle.x - b * from_middle.y, b * from_middle.x + a * from_middle.y);
        Some(Self { a, b, moved: to_middle.minus(turned) })
    }

    fn apply(&self, from: Point) -> Point {
        Point::new(
            self.a * from.x - self.b * from.y + self.moved.x,
            self.b * from.x + self.a * from.y + self.moved.y,
        )
    }
}
