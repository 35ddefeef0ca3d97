/// The Python side of the bridge.
enum Glue {
    /// The text of `portage_glue.py`.
    static var source: [UInt8] { PackageResources.portage_glue_py }

    /// What a child is started with: reads the length of the glue and its text from standard input, runs it, and
    /// answers what follows there. So the glue needs no file, which another root might not have.
    static let loader = """
        import sys
        source = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
        exec(compile(source, "portage_glue.py", "exec"))
        serve()
        """
}
