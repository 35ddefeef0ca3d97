/// The directions in which a line leaves the middle of a cell.
public struct LineMask: OptionSet, Sendable, Hashable {
    /// One bit for each direction.
    public let rawValue: UInt8

    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Up.
    public static let north = LineMask(rawValue: 1)
    /// Right.
    public static let east = LineMask(rawValue: 2)
    /// Down.
    public static let south = LineMask(rawValue: 4)
    /// Left.
    public static let west = LineMask(rawValue: 8)
    /// Up and down.
    public static let vertical: LineMask = [.north, .south]
    /// Left and right.
    public static let horizontal: LineMask = [.east, .west]
}

/// How a line is drawn.
public enum LineStyle: Sendable, Hashable {
    /// `│ ─`
    case light
    /// `┃ ━`
    case heavy
    /// `╎ ╌`
    case dashed
    /// `┊ ┈`
    case dotted
}

/// The end of a line that leads somewhere.
public enum ArrowHead: Sendable, Hashable {
    /// `▼ V`
    case filled
    /// `▽ v`
    case hollow
    /// `▿ ,`
    case small
    /// `?`
    case question
}

/// The characters that a picture is made of.
public enum GlyphSet: Sendable, Hashable {
    /// Box-drawing characters of Unicode.
    case unicode
    /// ASCII only.
    case ascii

    /// The glyph of a cell whose lines are all of one style.
    public func glyph(_ mask: LineMask, _ style: LineStyle) -> Unicode.Scalar {
        switch (self, style) {
        case (.unicode, .light): Self.light[Int(mask.rawValue & 15)]
        case (.unicode, .heavy): Self.heavy[Int(mask.rawValue & 15)]
        case (.unicode, .dashed):
            mask == .vertical ? "╎" : mask == .horizontal ? "╌" : Self.light[Int(mask.rawValue & 15)]
        case (.unicode, .dotted):
            mask == .vertical ? "┊" : mask == .horizontal ? "┈" : Self.light[Int(mask.rawValue & 15)]
        case (.ascii, .light): Self.plain[Int(mask.rawValue & 15)]
        case (.ascii, .heavy): mask == .horizontal ? "=" : mask.isEmpty ? " " : "#"
        case (.ascii, .dashed):
            mask == .vertical ? ":" : mask == .horizontal ? "." : Self.plain[Int(mask.rawValue & 15)]
        case (.ascii, .dotted):
            mask == .vertical ? ";" : mask == .horizontal ? "~" : Self.plain[Int(mask.rawValue & 15)]
        }
    }

    /// The glyph of a box's upper or lower side where a light line leaves it.
    public func port(onHeavy: Bool, side: LineMask) -> Unicode.Scalar {
        switch self {
        case .ascii: "+"
        case .unicode: side == .south ? (onHeavy ? "┯" : "┬") : (onHeavy ? "┷" : "┴")
        }
    }

    /// The head of an arrow that points down or up: filled, hollow, or small and hollow.
    public func arrow(_ direction: LineMask, _ head: ArrowHead = .filled) -> Unicode.Scalar {
        switch (self, head) {
        case (_, .question): "?"
        case (.ascii, .filled): direction == .north ? "A" : "V"
        case (.ascii, .hollow): direction == .north ? "^" : "v"
        case (.ascii, .small): direction == .north ? "'" : ","
        case (.unicode, .filled): direction == .north ? "▲" : "▼"
        case (.unicode, .hollow): direction == .north ? "△" : "▽"
        case (.unicode, .small): direction == .north ? "▵" : "▿"
        }
    }

    /// What stands for text that is left out.
    public var ellipsis: String { self == .ascii ? "..." : "…" }

    // Indexed by north 1, east 2, south 4, west 8.
    private static let light = Array(" ╵╶└╷│┌├╴┘─┴┐┤┬┼".unicodeScalars)
    private static let heavy = Array(" ╹╺┗╻┃┏┣╸┛━┻┓┫┳╋".unicodeScalars)
    private static let plain = Array(" |-+||++-+-+++++".unicodeScalars)
}
