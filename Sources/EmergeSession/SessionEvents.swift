extension SessionState {
    /// An entry of emerge's resume list.
    public struct ListEntry: Hashable, Sendable {
        /// Which package.
        public let key: Key
        /// Whether it is a binary package.
        public let isBinary: Bool

        /// An entry of these values.
        public init(cpv: String, root: String, isBinary: Bool) {
            key = Key(cpv: cpv, root: root)
            self.isBinary = isBinary
        }
    }

    /// The list is known: that of mtimedb now, or of a graph made when emerge began. What was told before counts: what
    /// this emerge has merged already is in the log only, and comes before what is left.
    public mutating func adopt(_ list: [ListEntry]) {
        packages = []
        indices = [:]
        mostPositions = early.filter { isOwn(list, $0) }.map(\.position.count).max() ?? 0
        let left = Set(list.map(\.key))
        let merged = early.filter { line in
            line.event == .completed && line.position.count == mostPositions && !left.contains(key(of: line))
        }
        for entry in merged.map({ ListEntry(cpv: $0.cpv, root: $0.root ?? "/", isBinary: false) }) + list
        where indices[entry.key] == nil {
            indices[entry.key] = packages.count
            packages.append(Package(key: entry.key, isBinary: entry.isBinary))
        }
        let told = early
        early = []
        for line in told { apply(line) }
    }

    /// Whether a resume list can be this emerge's: the package that it began with is in it. Two emerges write the same
    /// file, so a list is believed only then.
    public func isOwn(_ list: [ListEntry]) -> Bool {
        guard packages.isEmpty else { return !list.isEmpty && list.allSatisfy { indices[$0.key] != nil } }
        return early.contains { isOwn(list, $0) }
    }

    /// Whether a list can be that of the emerge that a line is of.
    private func isOwn(_ list: [ListEntry], _ line: EmergeLogLine) -> Bool {
        list.count <= line.position.count
            && list.contains { $0.key.cpv == line.cpv && (line.root == nil || $0.key == key(of: line)) }
    }

    /// A line came to the log after this emerge began. Those of other emerges are known by package and position, as far
    /// as that is possible.
    public mutating func apply(_ line: EmergeLogLine) {
        guard Double(line.time) >= started.rounded(.down) - 1 else { return }
        guard !packages.isEmpty else {
            if early.count < 10_000 { early.append(line) }
            return
        }
        guard let index = place(of: line) else { return }
        let time = Double(line.time)
        switch line.event {
        case .begun:
            guard packages[index].stage == .waiting else { return }
            move(index, to: .building, time)
        case .compiling, .unpacking:
            // What an earlier try had built may have been found before it was removed.
            guard [.waiting, .building, .built].contains(packages[index].stage) else { return }
            move(index, to: .building, time)
        case .merging:
            guard [.waiting, .building, .built].contains(packages[index].stage) else { return }
            move(index, to: .merging, time)
        case .completed: move(index, to: .done, time)
        }
    }

    /// The build of a package, one that is being built, is over.
    public mutating func built(_ index: Int, now: Double) {
        guard packages.indices.contains(index), packages[index].stage == .building else { return }
        move(index, to: .built, now)
    }

    /// mtimedb has this resume list now; an empty one is none. Lists of other emerges are passed over.
    public mutating func apply(list: [ListEntry], now: Double) {
        guard !packages.isEmpty, list.isEmpty || isOwn(list) else { return }
        // The last package is taken out together with the whole list.
        guard !list.isEmpty else { return }
        let left = Set(list.map(\.key))
        // What is gone and was never merged has failed; then what was not begun was given up for that.
        for index in packages.indices where !left.contains(packages[index].key) {
            switch packages[index].stage {
            case .built, .merging: move(index, to: .done, now)
            case .building: move(index, to: .failed, now)
            default: break
            }
        }
        let hasFailed = packages.contains { $0.stage == .failed }
        for index in packages.indices where !left.contains(packages[index].key) && packages[index].stage == .waiting {
            move(index, to: hasFailed ? .dropped : .done, now)
        }
    }

    /// emerge tells what it does now.
    public mutating func apply(_ snapshot: ObservabilitySnapshot) {
        jobs = max(jobs, snapshot.mostJobs ?? snapshot.tasks.count)
        guard !packages.isEmpty else { return }
        var present = Set<Int>()
        for task in snapshot.tasks {
            guard let index = indices[Key(cpv: task.cpv, root: task.root)] else { continue }
            present.insert(index)
            guard packages[index].stage != .done else { continue }
            let merge: Stage = task.phase == "merge-wait" ? .built : .merging
            move(index, to: task.isMerge ? merge : .building, snapshot.time)
            // A merge keeps the name of the last phase of the build.
            packages[index].phase = task.isMerge ? nil : task.phase
            if let started = task.started { packages[index].started = started }
        }
        // What it no longer works on is merged, unless one more has failed.
        for index in packages.indices where packages[index].isBegun && !present.contains(index) {
            if snapshot.failed > count(.failed) {
                move(index, to: .failed, snapshot.time)
            } else if snapshot.completed > count(.done) {
                move(index, to: .done, snapshot.time)
            }
        }
    }

    /// emerge ended.
    public mutating func end(succeeded: Bool, now: Double) {
        for index in packages.indices where packages[index].isBegun {
            move(index, to: succeeded ? .done : .failed, now)
        }
        if succeeded {
            for index in packages.indices where packages[index].stage == .waiting { move(index, to: .done, now) }
        }
    }

    private func key(of line: EmergeLogLine) -> Key { Key(cpv: line.cpv, root: line.root ?? "/") }

    /// The package that a line is about: by root if it names one, else the one of this name that is furthest on the way.
    private func place(of line: EmergeLogLine) -> Int? {
        guard line.position.count <= max(packages.count, mostPositions) else { return nil }
        if line.root != nil, let index = indices[key(of: line)] { return index }
        let same = packages.indices.filter { packages[$0].key.cpv == line.cpv }
        guard line.root == nil else { return nil }
        return same.first { packages[$0].isBegun } ?? same.first { packages[$0].stage == .waiting } ?? same.first
    }

    private mutating func move(_ index: Int, to stage: Stage, _ time: Double) {
        guard packages[index].stage != stage else { return }
        packages[index].stage = stage
        if packages[index].started == nil, stage != .waiting, stage != .dropped { packages[index].started = time }
        if stage == .building { packages[index].built = nil }
        if stage == .built || stage == .merging, packages[index].built == nil { packages[index].built = time }
        if stage == .done || stage == .failed || stage == .dropped {
            packages[index].ended = time
            packages[index].phase = nil
        }
        jobs = max(jobs, running.count)
    }
}
