//! Points and landmarks of a face, in pixels of the picture they were found in.

/// A place in a picture: pixels from its left and upper edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

impl Point {
    /// The place at `x` and `y`.
    #[must_use]
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// How far apart two places are, in pixels.
    #[must_use]
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }

    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x.mul_add(other.x, self.y * other.y)
    }

    pub(crate) fn scaled(self, by: f32) -> Self {
        Self::new(self.x * by, self.y * by)
    }
}

/// A box in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Its upper left corner; may lie outside the picture.
    pub corner: Point,
    /// Pixels to the right.
    pub width: f32,
    /// Pixels downwards.
    pub height: f32,
}

impl Area {
    pub(crate) fn scaled(self, by: f32) -> Self {
        Self { corner: self.corner.scaled(by), width: self.width * by, height: self.height * by }
    }

    /// What both have in common, as a share of what they cover together.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let common = |from: f32, long: f32, other_from: f32, other_long: f32| {
            ((from + long).min(other_from + other_long) - from.max(other_from)).max(0.0)
        };
        let both = common(self.corner.x, self.width, other.corner.x, other.width)
            * common(self.corner.y, self.height, other.corner.y, other.height);
        let together = self.width.mul_add(self.height, other.width * other.height) - both;
        if together > 0.0 { both / together } else { 0.0 }
    }
}

/// The five points of a face. Right and left are the person's own: in a picture that is not mirrored, the right eye
/// is further to the left.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Landmarks {
    /// Middle of the right eye.
    pub right_eye: Point,
    /// Middle of the left eye.
    pub left_eye: Point,
    /// Tip of the nose.
    pub nose: Point,
    /// Right corner of the mouth.
    pub right_mouth: Point,
    /// Left corner of the mouth.
    pub left_mouth: Point,
}

impl Landmarks {
    /// All five, in the order of detector and embedding.
    #[must_use]
    pub fn points(&self) -> [Point; 5] {
        [self.right_eye, self.left_eye, self.nose, self.right_mouth, self.left_mouth]
    }

    /// From five points in that order.
    #[must_use]
    pub fn from_points([right_eye, left_eye, nose, right_mouth, left_mouth]: [Point; 5]) -> Self {
        Self { right_eye, left_eye, nose, right_mouth, left_mouth }
    }

    /// Pixels between the eyes.
    #[must_use]
    pub fn eye_distance(&self) -> f32 {
        self.right_eye.distance(self.left_eye)
    }

    /// How far the head is turned, without a unit: how far the nose's tip lies beside the middle between the eyes,
    /// along the line of the eyes, as a share of their distance. Positive when the person turns to their own left;
    /// about 0.2 is a turn that bystanders notice. 0 for a face without extent.
    #[must_use]
    pub fn yaw(&self) -> f32 {
        let line = self.left_eye.minus(self.right_eye);
        let square = line.dot(line);
        if square <= f32::EPSILON {
            return 0.0;
        }
        let middle = Point::new(
            f32::midpoint(self.right_eye.x, self.left_eye.x),
            f32::midpoint(self.right_eye.y, self.left_eye.y),
        );
        self.nose.minus(middle).dot(line) / square
    }
}
