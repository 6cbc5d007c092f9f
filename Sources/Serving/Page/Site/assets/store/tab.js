// The name of this tab: it survives a reload and is nobody else's.

import { newId } from "../pure/conversation.js";

export const tab = sessionStorage.getItem("flotilla-tab") ?? newId();
sessionStorage.setItem("flotilla-tab", tab);
