// IndexedDB in promises: conversations by id, pictures by the SHA-256 of their bytes.

const NAME = "flotilla";
let opened = null;

function open() {
    opened ??= new Promise((resolve, reject) => {
        const request = indexedDB.open(NAME, 1);
        request.onupgradeneeded = () => {
            request.result.createObjectStore("conversations", { keyPath: "id" });
            request.result.createObjectStore("pictures", { keyPath: "sha256" });
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    return opened;
}

const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
});

async function store(name, mode) {
    return (await open()).transaction(name, mode).objectStore(name);
}

export const get = async (name, key) => done((await store(name, "readonly")).get(key));
export const all = async (name) => done((await store(name, "readonly")).getAll());
export const keys = async (name) => done((await store(name, "readonly")).getAllKeys());
export const put = async (name, value) => done((await store(name, "readwrite")).put(value));
export const remove = async (name, key) => done((await store(name, "readwrite")).delete(key));
