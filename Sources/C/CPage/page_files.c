// Made by scripts/page-table.
#include "cpage.h"

// #embed is of C23, which this compiler knows and calls an extension of C17.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char file_0[] = {
#embed "../../Serving/Page/Site/assets/api/client.js"
};
static const unsigned char file_1[] = {
#embed "../../Serving/Page/Site/assets/api/stream.js"
};
static const unsigned char file_2[] = {
#embed "../../Serving/Page/Site/assets/app.js"
};
static const unsigned char file_3[] = {
#embed "../../Serving/Page/Site/assets/asking.js"
};
static const unsigned char file_4[] = {
#embed "../../Serving/Page/Site/assets/dom.js"
};
static const unsigned char file_5[] = {
#embed "../../Serving/Page/Site/assets/icon.svg"
};
static const unsigned char file_6[] = {
#embed "../../Serving/Page/Site/assets/pure/conversation.js"
};
static const unsigned char file_7[] = {
#embed "../../Serving/Page/Site/assets/pure/format.js"
};
static const unsigned char file_8[] = {
#embed "../../Serving/Page/Site/assets/pure/inline.js"
};
static const unsigned char file_9[] = {
#embed "../../Serving/Page/Site/assets/pure/markdown.js"
};
static const unsigned char file_10[] = {
#embed "../../Serving/Page/Site/assets/pure/pictures.js"
};
static const unsigned char file_11[] = {
#embed "../../Serving/Page/Site/assets/pure/problems.js"
};
static const unsigned char file_12[] = {
#embed "../../Serving/Page/Site/assets/pure/request.js"
};
static const unsigned char file_13[] = {
#embed "../../Serving/Page/Site/assets/pure/series.js"
};
static const unsigned char file_14[] = {
#embed "../../Serving/Page/Site/assets/pure/sha256.js"
};
static const unsigned char file_15[] = {
#embed "../../Serving/Page/Site/assets/pure/sse.js"
};
static const unsigned char file_16[] = {
#embed "../../Serving/Page/Site/assets/pure/tiles.js"
};
static const unsigned char file_17[] = {
#embed "../../Serving/Page/Site/assets/start.js"
};
static const unsigned char file_18[] = {
#embed "../../Serving/Page/Site/assets/store/conversations.js"
};
static const unsigned char file_19[] = {
#embed "../../Serving/Page/Site/assets/store/database.js"
};
static const unsigned char file_20[] = {
#embed "../../Serving/Page/Site/assets/store/pictures.js"
};
static const unsigned char file_21[] = {
#embed "../../Serving/Page/Site/assets/store/settings.js"
};
static const unsigned char file_22[] = {
#embed "../../Serving/Page/Site/assets/store/tab.js"
};
static const unsigned char file_23[] = {
#embed "../../Serving/Page/Site/assets/style/base.css"
};
static const unsigned char file_24[] = {
#embed "../../Serving/Page/Site/assets/style/chat.css"
};
static const unsigned char file_25[] = {
#embed "../../Serving/Page/Site/assets/style/cluster.css"
};
static const unsigned char file_26[] = {
#embed "../../Serving/Page/Site/assets/style/composer.css"
};
static const unsigned char file_27[] = {
#embed "../../Serving/Page/Site/assets/style/dialogs.css"
};
static const unsigned char file_28[] = {
#embed "../../Serving/Page/Site/assets/style/frame.css"
};
static const unsigned char file_29[] = {
#embed "../../Serving/Page/Site/assets/style/prose.css"
};
static const unsigned char file_30[] = {
#embed "../../Serving/Page/Site/assets/vendor/katex.js"
};
static const unsigned char file_31[] = {
#embed "../../Serving/Page/Site/assets/view/answer.js"
};
static const unsigned char file_32[] = {
#embed "../../Serving/Page/Site/assets/view/chart.js"
};
static const unsigned char file_33[] = {
#embed "../../Serving/Page/Site/assets/view/chat.js"
};
static const unsigned char file_34[] = {
#embed "../../Serving/Page/Site/assets/view/cluster.js"
};
static const unsigned char file_35[] = {
#embed "../../Serving/Page/Site/assets/view/composer.js"
};
static const unsigned char file_36[] = {
#embed "../../Serving/Page/Site/assets/view/dialogs.js"
};
static const unsigned char file_37[] = {
#embed "../../Serving/Page/Site/assets/view/frame.js"
};
static const unsigned char file_38[] = {
#embed "../../Serving/Page/Site/assets/view/markdown.js"
};
static const unsigned char file_39[] = {
#embed "../../Serving/Page/Site/assets/view/math.js"
};
static const unsigned char file_40[] = {
#embed "../../Serving/Page/Site/assets/view/picture.js"
};
static const unsigned char file_41[] = {
#embed "../../Serving/Page/Site/assets/view/question.js"
};
static const unsigned char file_42[] = {
#embed "../../Serving/Page/Site/assets/view/rank.js"
};
static const unsigned char file_43[] = {
#embed "../../Serving/Page/Site/assets/view/sentences.js"
};
static const unsigned char file_44[] = {
#embed "../../Serving/Page/Site/assets/view/settings.js"
};
static const unsigned char file_45[] = {
#embed "../../Serving/Page/Site/assets/view/sidebar.js"
};
static const unsigned char file_46[] = {
#embed "../../Serving/Page/Site/assets/view/theme.js"
};
static const unsigned char file_47[] = {
#embed "../../Serving/Page/Site/assets/view/tray.js"
};
static const unsigned char file_48[] = {
#embed "../../Serving/Page/Site/index.html"
};
static const cpage_file files[] = {
    {"/assets/api/client.js", file_0, sizeof file_0},
    {"/assets/api/stream.js", file_1, sizeof file_1},
    {"/assets/app.js", file_2, sizeof file_2},
    {"/assets/asking.js", file_3, sizeof file_3},
    {"/assets/dom.js", file_4, sizeof file_4},
    {"/assets/icon.svg", file_5, sizeof file_5},
    {"/assets/pure/conversation.js", file_6, sizeof file_6},
    {"/assets/pure/format.js", file_7, sizeof file_7},
    {"/assets/pure/inline.js", file_8, sizeof file_8},
    {"/assets/pure/markdown.js", file_9, sizeof file_9},
    {"/assets/pure/pictures.js", file_10, sizeof file_10},
    {"/assets/pure/problems.js", file_11, sizeof file_11},
    {"/assets/pure/request.js", file_12, sizeof file_12},
    {"/assets/pure/series.js", file_13, sizeof file_13},
    {"/assets/pure/sha256.js", file_14, sizeof file_14},
    {"/assets/pure/sse.js", file_15, sizeof file_15},
    {"/assets/pure/tiles.js", file_16, sizeof file_16},
    {"/assets/start.js", file_17, sizeof file_17},
    {"/assets/store/conversations.js", file_18, sizeof file_18},
    {"/assets/store/database.js", file_19, sizeof file_19},
    {"/assets/store/pictures.js", file_20, sizeof file_20},
    {"/assets/store/settings.js", file_21, sizeof file_21},
    {"/assets/store/tab.js", file_22, sizeof file_22},
    {"/assets/style/base.css", file_23, sizeof file_23},
    {"/assets/style/chat.css", file_24, sizeof file_24},
    {"/assets/style/cluster.css", file_25, sizeof file_25},
    {"/assets/style/composer.css", file_26, sizeof file_26},
    {"/assets/style/dialogs.css", file_27, sizeof file_27},
    {"/assets/style/frame.css", file_28, sizeof file_28},
    {"/assets/style/prose.css", file_29, sizeof file_29},
    {"/assets/vendor/katex.js", file_30, sizeof file_30},
    {"/assets/view/answer.js", file_31, sizeof file_31},
    {"/assets/view/chart.js", file_32, sizeof file_32},
    {"/assets/view/chat.js", file_33, sizeof file_33},
    {"/assets/view/cluster.js", file_34, sizeof file_34},
    {"/assets/view/composer.js", file_35, sizeof file_35},
    {"/assets/view/dialogs.js", file_36, sizeof file_36},
    {"/assets/view/frame.js", file_37, sizeof file_37},
    {"/assets/view/markdown.js", file_38, sizeof file_38},
    {"/assets/view/math.js", file_39, sizeof file_39},
    {"/assets/view/picture.js", file_40, sizeof file_40},
    {"/assets/view/question.js", file_41, sizeof file_41},
    {"/assets/view/rank.js", file_42, sizeof file_42},
    {"/assets/view/sentences.js", file_43, sizeof file_43},
    {"/assets/view/settings.js", file_44, sizeof file_44},
    {"/assets/view/sidebar.js", file_45, sizeof file_45},
    {"/assets/view/theme.js", file_46, sizeof file_46},
    {"/assets/view/tray.js", file_47, sizeof file_47},
    {"/", file_48, sizeof file_48},
};

const cpage_file *cpage_files(size_t *count) {
    *count = sizeof files / sizeof files[0];
    return files;
}
