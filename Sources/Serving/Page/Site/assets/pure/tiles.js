// What the model sees of a picture, computed as the server computes it: TileGrid.swift, `find_closest_aspect_ratio` of
// SAIL-VL2's image processor. The server's own `grid` is believed where it says one; this is for the moment before.

/** Columns × rows of square tiles that a picture of `width` × `height` is resized to. */
export function chooseGrid(width, height, side = 448, maxTiles = 10) {
    const aspect = width / height;
    let best = { columns: 1, rows: 1 };
    let nearest = Infinity;
    for (let area = 1; area <= maxTiles; area += 1) {
        for (let columns = 1; columns <= area; columns += 1) {
            if (area % columns) continue;
            const rows = area / columns;
            const distance = Math.abs(aspect - columns / rows);
            const isLarge = width * height > 0.5 * side * side * area;
            if (distance < nearest || (distance === nearest && isLarge)) {
                nearest = distance;
                best = { columns, rows };
            }
        }
    }
    return best;
}

/** Tiles of a grid, the thumbnail of the whole included where there are several. */
export function tileCount({ columns, rows }) {
    return columns * rows === 1 ? 1 : columns * rows + 1;
}

/** A grid of the server: `[columns, rows]` or `{"columns", "rows"}`; null where it is neither. */
export function readGrid(value) {
    const [columns, rows] = Array.isArray(value) ? value : [value?.columns, value?.rows];
    return Number.isInteger(columns) && Number.isInteger(rows) && columns > 0 && rows > 0 ? { columns, rows } : null;
}

/** "3 × 2 tiles and a thumbnail". */
export function describeGrid(grid) {
    if (grid.columns * grid.rows === 1) return "1 tile";
    return `${grid.columns} × ${grid.rows} tiles and a thumbnail`;
}
