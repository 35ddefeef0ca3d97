/// The curve of a simulation as svg: the share of `exact` and the cost, over the number of environments.
public struct SimulationCurve: Sendable {
    private let points: [Simulation]
    private let title: String

    private static let size = (width: 720.0, height: 400.0)
    /// Where the curves are.
    private static let frame = (left: 64.0, top: 56.0, right: 652.0, bottom: 336.0)
    private static let colours = (exact: "#1f6feb", cost: "#bc4c00", grid: "#d0d7de", text: "#1f2328")

    /// The curve through points, which are in the order of their numbers of environments.
    public init(_ points: [Simulation], title: String) {
        self.points = points
        self.title = title
    }

    /// The document.
    public var svg: String {
        let most = max(points.map(\.installedPerBuild).max() ?? 0, 0.001)
        let scale = Self.ceiling(most)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 400\" width=\"720\" height=\"400\" "
                + "font-family=\"sans-serif\" font-size=\"13\" fill=\"\(Self.colours.text)\">",
            "<rect width=\"720\" height=\"400\" fill=\"#ffffff\"/>",
            Self.text(Self.frame.left, 24, Self.escaped(title), size: 15),
            Self.text(Self.frame.left - 8, 46, "exact answers", anchor: "middle", colour: Self.colours.exact),
            Self.text(Self.frame.right, 46, "installed per build", anchor: "middle", colour: Self.colours.cost),
            Self.text(
                (Self.frame.left + Self.frame.right) / 2, 384, "environments kept (max_environments)", anchor: "middle"),
        ]
        for step in 0...4 {
            let y = Self.frame.bottom - Double(step) / 4 * (Self.frame.bottom - Self.frame.top)
            lines.append(
                "<line x1=\"\(Self.number(Self.frame.left))\" y1=\"\(Self.number(y))\" "
                    + "x2=\"\(Self.number(Self.frame.right))\" y2=\"\(Self.number(y))\" stroke=\"\(Self.colours.grid)\"/>"
            )
            lines.append(Self.text(Self.frame.left - 8, y + 4, "\(step * 25) %", anchor: "end"))
            lines.append(Self.text(Self.frame.right + 8, y + 4, Self.number(scale * Double(step) / 4)))
        }
        for (index, point) in points.enumerated() {
            lines.append(Self.text(x(index), 356, "\(point.environments)", anchor: "middle"))
        }
        lines += curve(Self.colours.exact) { $0.exactShare }
        lines += curve(Self.colours.cost) { $0.installedPerBuild / scale }
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A line with a dot at each point; values from 0 to 1.
    private func curve(_ colour: String, _ value: (Simulation) -> Double) -> [String] {
        let places = points.enumerated().map { index, point in
            (x(index), Self.frame.bottom - value(point) * (Self.frame.bottom - Self.frame.top))
        }
        let path = places.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
        return ["<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"]
            + places.map {
                "<circle cx=\"\(Self.number($0.0))\" cy=\"\(Self.number($0.1))\" r=\"3.5\" fill=\"\(colour)\"/>"
            }
    }

    private func x(_ index: Int) -> Double {
        let inset = 24.0
        let width = Self.frame.right - Self.frame.left - 2 * inset
        return Self.frame.left + inset + width * Double(index) / Double(max(points.count - 1, 1))
    }

    /// The next 1, 2, 4 or 8 times a power of ten: it is divided by four without a rest worth mentioning.
    static func ceiling(_ value: Double) -> Double {
        var power = 0.001
        while power * 8 < value { power *= 10 }
        return [1, 2, 4, 8].map { $0 * power }.first { $0 >= value } ?? value
    }

    /// With one digit after the point where there is one.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static func text(
        _ x: Double, _ y: Double, _ content: String, anchor: String = "start", size: Int = 13, colour: String? = nil
    ) -> String {
        let fill = colour.map { " fill=\"\($0)\"" } ?? ""
        let place = "x=\"\(number(x))\" y=\"\(number(y))\""
        return "<text \(place) text-anchor=\"\(anchor)\" font-size=\"\(size)\"\(fill)>\(content)</text>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
