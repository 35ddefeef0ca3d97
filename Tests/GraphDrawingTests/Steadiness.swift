import DependencyGraph

@testable import GraphDrawing

/// What became of boxes from one frame to the next, over many frames.
struct Steadiness {
    /// How many frames followed another one.
    var steps = 0
    /// The moves of each step that had more than two.
    var jumps: [Int] = []
    /// The frames of each form.
    var forms: [FrameForm: Int] = [:]
    /// Frames without boxes or labels, though a first frame of the same moment has them; lanes show more than its smallest
    /// ones, and are none.
    var fallbacks = 0
    /// Packages of the last picture that are in this one too.
    var held = 0
    /// Packages of the last picture that a first frame of this moment would show.
    var due = 0
    /// Those of them that this frame does not show.
    var lost = 0
    /// Packages of all pictures, and of first frames of the same moments.
    var shown = 0
    var possible = 0

    /// How many of all frames are pictures of boxes or labels.
    var pictures: Int { forms[.boxes, default: 0] + forms[.labels, default: 0] }
    var frames: Int { forms.values.reduce(0, +) }

    /// Counts a frame.
    ///
    /// - Parameters:
    ///   - last: what the frame before left; nil for the first one.
    ///   - fresh: the frame of the same moment that knows of none before.
    mutating func count(_ frame: Frame, after last: FrameMemory?, fresh: Frame) {
        forms[frame.form, default: 0] += 1
        if !frame.isPicture, fresh.isPicture, frame.form != .lanes || fresh.memory.rank <= Ladder.lastBeforeLanes {
            fallbacks += 1
        }
        guard let last else { return }
        steps += 1
        guard frame.isPicture, fresh.isPicture else { return }
        let (old, new) = (Set(last.places.keys), Set(frame.memory.places.keys))
        let would = Set(fresh.memory.places.keys)
        held += old.intersection(new).count
        due += old.intersection(would).count
        lost += old.intersection(would).subtracting(new).count
        shown += new.count
        possible += would.count
        let moves = Self.moved(last, frame.memory)
        if moves > 2 { jumps.append(moves) }
    }

    /// How many packages of both are not where they were, when the whole of the second frame may be shifted.
    private static func moved(_ old: FrameMemory, _ new: FrameMemory) -> Int {
        var shifts: [[Int]: Int] = [:]
        var common = 0
        for (key, place) in new.places {
            guard let other = old.places[key] else { continue }
            common += 1
            shifts[[place.left - other.left, place.top - other.top], default: 0] += 1
        }
        return common - (shifts.values.max() ?? 0)
    }
}

extension Frame {
    /// Whether packages have places in it.
    var isPicture: Bool { form == .boxes || form == .labels }
}
