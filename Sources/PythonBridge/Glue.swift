/// The Python side of the bridge: the modules of the package `portage_glue`.
enum Glue {
    /// The modules' names and texts, each after those that it imports. The first is the package itself.
    static let modules: [(name: String, source: [UInt8])] = [
        ("portage_glue", []),
        ("portage_glue.text", PackageResources.text_py),
        ("portage_glue.calls", PackageResources.calls_py),
        ("portage_glue.objects", PackageResources.objects_py),
        ("portage_glue.questions", PackageResources.questions_py),
        ("portage_glue.merge_list", PackageResources.merge_list_py),
        ("portage_glue.merge_packages", PackageResources.merge_packages_py),
        ("portage_glue.merge_graph", PackageResources.merge_graph_py),
        ("portage_glue.merge_plan", PackageResources.merge_plan_py),
        ("portage_glue.installed_content", PackageResources.installed_content_py),
        ("portage_glue.build_dependencies", PackageResources.build_dependencies_py),
        ("portage_glue.ebuild_files", PackageResources.ebuild_files_py),
        ("portage_glue.dependency_ebuilds", PackageResources.dependency_ebuilds_py),
        ("portage_glue.toolchain", PackageResources.toolchain_py),
        ("portage_glue.native_flags", PackageResources.native_flags_py),
        ("portage_glue.key_inputs", PackageResources.key_inputs_py),
        ("portage_glue.installed_packages", PackageResources.installed_packages_py),
        ("portage_glue.overlay_cache", PackageResources.overlay_cache_py),
        ("portage_glue.overlays", PackageResources.overlays_py),
        ("portage_glue.binary_packages", PackageResources.binary_packages_py),
        ("portage_glue.releases", PackageResources.releases_py),
        ("portage_glue.archives", PackageResources.archives_py),
        ("portage_glue.settings_stamp", PackageResources.settings_stamp_py),
        ("portage_glue.offers", PackageResources.offers_py),
        ("portage_glue.plans", PackageResources.plans_py),
        ("portage_glue.explain", PackageResources.explain_py),
        ("portage_glue.binhost", PackageResources.binhost_py),
    ]

    /// The module with `dispatch` and `serve`.
    static let calls = "portage_glue.calls"

    /// What a child is started with: reads the modules from standard input, as `streamed` writes them, runs them, and
    /// answers what follows there. So the glue needs no file, which another root might not have.
    static let loader = """
        import sys, types
        for line in iter(sys.stdin.buffer.readline, b"\\n"):
            name, size = line.decode().split()
            module = sys.modules[name] = types.ModuleType(name)
            exec(compile(sys.stdin.buffer.read(int(size)), name, "exec"), module.__dict__)
        sys.modules["\(calls)"].serve()
        """

    /// The modules for `loader`: a line with name and size before each text, an empty line at the end.
    static let streamed: [UInt8] =
        modules.flatMap { Array("\($0.name) \($0.source.count)\n".utf8) + $0.source } + [UInt8(ascii: "\n")]
}
