import Glibc

/// Room for what must never be written anywhere but where the gate decides: locked (never swapped) and left out of core
/// dumps. Whoever uses it wipes each place once it is done with it.
final class LockedMemory<Element> {
    let slots: UnsafeMutablePointer<Element>
    private let byteCount: Int

    /// - Throws: when the memory cannot be had or locked: unlocked memory is not an option.
    init(capacity: Int) throws(PolicyError) {
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        byteCount = (capacity * MemoryLayout<Element>.stride + pageSize - 1) / pageSize * pageSize
        let region = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let region, region != MAP_FAILED else { throw .holdBackMemory(bytes: byteCount, errno: errno) }
        guard mlock(region, byteCount) == 0 else {
            let failure = errno
            munmap(region, byteCount)
            throw .holdBackLock(bytes: byteCount, errno: failure)
        }
        // Best effort by nature: an old kernel may not know the advice, and core dumps are off in the unit anyway.
        madvise(region, byteCount, MADV_DONTDUMP)
        slots = region.bindMemory(to: Element.self, capacity: capacity)
    }

    deinit { munmap(slots, byteCount) }
}
