package import Foundation

/// A library that counts allocations when it is preloaded, built on the spot.
///
/// A program finds the count of the calling thread as `flotilla_test_allocations`. At the end of each rank of a group it
/// also appends a line "rank count steps clean" of the main thread to the file that `FLOTILLA_TEST_ALLOCATIONS` names: a
/// decoder rank's steps lie between two messages with a plan, and are clean where nothing is allocated in between.
package enum AllocationCount {
    package static func library(in directory: URL) throws -> URL {
        let source = directory.appendingPathComponent("count.c")
        let library = directory.appendingPathComponent("count.so")
        try text.write(to: source, atomically: true, encoding: .utf8)
        let compiler = try ChildProcess("cc", ["-O1", "-shared", "-fPIC", "-o", library.path, source.path])
        compiler.waitUntilExit()
        return library
    }

    private static let text = """
        #include <stddef.h>
        #include <stdio.h>
        #include <stdlib.h>
        extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
        extern void *__libc_memalign(size_t, size_t);
        static __thread long count __attribute__((tls_model("initial-exec")));
        void *malloc(size_t n) { count++; return __libc_malloc(n); }
        void *calloc(size_t n, size_t m) { count++; return __libc_calloc(n, m); }
        void *realloc(void *p, size_t n) { count++; return __libc_realloc(p, n); }
        void *memalign(size_t a, size_t n) { count++; return __libc_memalign(a, n); }
        void *aligned_alloc(size_t a, size_t n) { count++; return __libc_memalign(a, n); }
        int posix_memalign(void **p, size_t a, size_t n) {
            count++;
            return (*p = __libc_memalign(a, n)) ? 0 : 12;
        }
        long flotilla_test_allocations(void) { return count; }

        // Plans have tag 1, and go from the leader to the first follower and on; types are pointers in Open MPI.
        static long steps, clean, before = -1;
        static void step(void) {
            if (before >= 0) steps++, clean += count == before;
            before = count;
        }
        extern int PMPI_Isend(const void *, int, void *, int, int, void *, void **) __attribute__((weak));
        extern int PMPI_Irecv(void *, int, void *, int, int, void *, void **) __attribute__((weak));
        int MPI_Isend(const void *bytes, int n, void *type, int to, int tag, void *comm, void **request) {
            if (tag == 1) step();
            return PMPI_Isend(bytes, n, type, to, tag, comm, request);
        }
        int MPI_Irecv(void *bytes, int n, void *type, int from, int tag, void *comm, void **request) {
            if (tag == 1) step();
            return PMPI_Irecv(bytes, n, type, from, tag, comm, request);
        }
        __attribute__((destructor)) static void report(void) {
            const char *path = getenv("FLOTILLA_TEST_ALLOCATIONS"), *rank = getenv("OMPI_COMM_WORLD_RANK");
            FILE *file = path && rank ? fopen(path, "a") : NULL;
            if (file) fprintf(file, "%s %ld %ld %ld\\n", rank, count, steps, clean), fclose(file);
        }
        """
}
