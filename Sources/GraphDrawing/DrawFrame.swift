/// Draws a frame of a live or coloured view: what `drawGraph` draws, with roles, progress and memory.
///
/// Boxes of packages that the last frame had stay where they are, as far as the new dependencies, the size and at most
/// one more crossing of lines allow. A current package is never higher than the others, so that nothing moves when the
/// next one becomes current. The function is total, and equal input gives equal output.
public func drawFrame(_ request: FrameRequest) -> Frame { Composer(request, isLive: true).frame() }
