/// A piece of a row whose cells all have one attribute.
public struct TextRun: Sendable, Hashable {
    /// Printable text.
    public var text: String
    /// What it is; the program that draws gives the numbers their meaning.
    public var attribute: CellCanvas.Attribute

    /// Makes a run.
    public init(_ text: String, _ attribute: CellCanvas.Attribute = 0) {
        self.text = text
        self.attribute = attribute
    }
}
