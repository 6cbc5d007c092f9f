// Before anything is drawn: the colours that were chosen, so that a dark page does not begin with a flash of light.
try {
    const theme = localStorage.getItem("flotilla-theme");
    if (theme) document.documentElement.dataset.theme = theme;
} catch { /* The system's colours, then. */ }
