public import DependencyGraph
public import TerminalDrawing

/// How far a package is, as far as its view knows.
public struct PackageProgress: Sendable, Hashable {
    /// Seconds since its build began.
    public var elapsed: Int?
    /// Seconds that it is expected to take, of earlier builds.
    public var expected: Int?
    /// The phase that runs, `compile`.
    public var phase: String?

    /// Makes a value of what is known.
    public init(elapsed: Int? = nil, expected: Int? = nil, phase: String? = nil) {
        self.elapsed = elapsed
        self.expected = expected
        self.phase = phase
    }
}

/// What a frame is to show.
public struct FrameRequest: Sendable {
    /// All packages; nodes of the merge list in merge order.
    public var graph: PackageGraph
    /// Indices of the packages that the picture is about, all that run now; those that are not in the graph are ignored.
    public var current: [Int]
    /// The most columns and lines.
    public var size: PictureSize
    /// Which characters may be used.
    public var glyphs: GlyphSet
    /// By index of node; those of current packages are drawn in their boxes.
    public var progress: [Int: PackageProgress]
    /// The first line; nil writes position, name and counts; empty leaves it out.
    public var title: String?
    /// What the last frame left; boxes then stay where they are.
    public var previous: FrameMemory?

    /// Makes a request.
    public init(
        graph: PackageGraph, current: [Int], size: PictureSize, glyphs: GlyphSet = .unicode,
        progress: [Int: PackageProgress] = [:], title: String? = nil, previous: FrameMemory? = nil
    ) {
        self.graph = graph
        self.current = current
        self.size = size
        self.glyphs = glyphs
        self.progress = progress
        self.title = title
        self.previous = previous
    }
}

/// How a frame shows its packages, from the most room to the least.
public enum FrameForm: Sendable, Hashable {
    /// Every package is a box.
    case boxes
    /// Packages are `[names]`.
    case labels
    /// A line for each package, with lanes for the edges on the left.
    case lanes
    /// `needs a b → [c] → unblocks d`.
    case summary
    /// Nothing fits, or there is nothing to show.
    case nothing
}

/// A picture of a graph for one moment.
public struct Frame: Sendable {
    /// An edge that is drawn.
    public struct Edge: Sendable, Hashable {
        /// The node that depends.
        public var from: Int
        /// The node that it depends on.
        public var to: Int
        /// How it is drawn.
        public var kind: EdgeKind
    }

    /// How it shows its packages.
    public var form: FrameForm
    /// The rows, in pieces of one role each; never more, and never wider, than the size that was asked for.
    public var rows: [[TextRun]] = []
    /// Indices of the nodes that are shown.
    public var nodes: [Int] = []
    /// The edges that are drawn.
    public var edges: [Edge] = []
    /// To be given to the next frame.
    public var memory: FrameMemory

    /// The shapes of boxes and labels, without the title.
    var sketch: Sketch?
    var title = ""
    /// Whether the progress of current packages stands in their boxes.
    var showsProgress = false

    /// The rows as plain text.
    public var lines: [String] { rows.map { $0.map(\.text).joined() } }

    /// The rows with the colours of a terminal; every row ends with the terminal's own colours.
    public func coloured() -> [String] { rows.map { Colours.row($0) } }
}
