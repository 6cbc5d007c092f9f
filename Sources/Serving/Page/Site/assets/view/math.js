// LaTeX as MathML. KaTeX reads the formula; its tree becomes elements here, so that no style and no address gets in.

import { h } from "../dom.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
// Definitions can be made to grow without end in KaTeX 0.16.4; an answer needs none.
const REFUSED = /\\(?:[egx]?def|let|futurelet|global|long|(?:re)?newcommand|providecommand|char)\b/;
const LONGEST = 5000;
let katex = null;
let loading = null;

/** An element for a formula; until KaTeX is here, and where it finds a mistake, it shows the source. */
export function formula(tex, display) {
    const element = h("span", { class: display ? "math display" : "math" }, tex);
    if (tex.length > LONGEST || REFUSED.test(tex)) element.classList.add("source");
    else if (katex) show(element, tex, display);
    else load().then(() => show(element, tex, display), () => element.classList.add("source"));
    return element;
}

function load() {
    loading ??= import("../vendor/katex.js").then(() => { katex = globalThis.katex; });
    return loading;
}

function show(element, tex, display) {
    try {
        const tree = katex.__renderToDomTree(tex, {
            output: "mathml", displayMode: display, throwOnError: true, trust: false, strict: false, maxExpand: 500, maxSize: 20,
        });
        element.replaceChildren(...convert(tree));
    } catch {
        // Half a formula, while an answer streams, or one that KaTeX does not know.
        element.classList.add("source");
        element.textContent = tex;
    }
}

/** KaTeX's nodes as DOM: of attributes all but styles, classes and addresses. */
function convert(node, variant = null) {
    if (node.text !== undefined && !node.children) return [document.createTextNode(styled(node.text, variant))];
    if (!node.type) {
        if (node.character) return [document.createTextNode(node.character)];
        if (node.width !== undefined && !node.children) return [mspace(node.width)];
        return (node.children ?? []).flatMap((child) => convert(child, variant));
    }
    if (node.type === "annotation") return [];
    if (node.type === "semantics") return node.children.flatMap((child) => convert(child, variant));
    const element = document.createElementNS(MATHML, node.type);
    const { mathvariant, style, href, class: ignored, ...attributes } = node.attributes ?? {};
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (mathvariant === "normal") element.setAttribute("mathvariant", "normal");
    const inner = mathvariant && mathvariant !== "normal" ? mathvariant : variant;
    element.append(...(node.children ?? []).flatMap((child) => convert(child, inner)));
    return [element];
}

function mspace(width) {
    const element = document.createElementNS(MATHML, "mspace");
    element.setAttribute("width", `${width}em`);
    return element;
}

// Browsers that follow MathML Core know no mathvariant but "normal": 𝐑 and ℝ are letters of their own in Unicode.
// By variant: the first of A–Z, a–z and 0–9.
const LETTERS = {
    bold: [0x1d400, 0x1d41a, 0x1d7ce], italic: [0x1d434, 0x1d44e], "bold-italic": [0x1d468, 0x1d482],
    script: [0x1d49c, 0x1d4b6], fraktur: [0x1d504, 0x1d51e], "double-struck": [0x1d538, 0x1d552, 0x1d7d8],
    "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2], "bold-sans-serif": [0x1d5d4, 0x1d5ee, 0x1d7ec],
    "sans-serif-bold": [0x1d5d4, 0x1d5ee, 0x1d7ec], "sans-serif-italic": [0x1d608, 0x1d622], monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};
// Letters that Unicode had before it had the alphabets.
const EARLIER = {
    "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
    script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ", g: "ℊ", o: "ℴ" },
    fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
    italic: { h: "ℎ" },
};

function styled(text, variant) {
    const first = LETTERS[variant];
    if (!first) return text;
    return [...text].map((letter) => {
        const earlier = EARLIER[variant]?.[letter];
        if (earlier) return earlier;
        const alphabet = /[A-Z]/.test(letter) ? 0 : /[a-z]/.test(letter) ? 1 : /[0-9]/.test(letter) ? 2 : -1;
        if (alphabet < 0 || !first[alphabet]) return letter;
        return String.fromCodePoint(first[alphabet] + letter.charCodeAt(0) - "Aa0".charCodeAt(alphabet));
    }).join("");
}
