/* Creates and frees 50 cores with the plug-in: every function, frames in any order, an error and an unused clip.
 *
 *   cores LIBRARY [NUMBER OF CORES]
 */
#include <VapourSynth4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const VSAPI *api;

static VSNode *clip_of(VSMap *result, const char *what) {
    const char *error = api->mapGetError(result);
    if (error) {
        fprintf(stderr, "%s: %s\n", what, error);
        exit(1);
    }
    VSNode *node = api->mapGetNode(result, "clip", 0, NULL);
    api->freeMap(result);
    return node;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    int cores = argc > 2 ? atoi(argv[2]) : 50;
    api = getVapourSynthAPI(VAPOURSYNTH_API_VERSION);
    const char *functions[] = {"Deband", "F3kdb", "Gradfun", "FFmpegDeband", "Placebo", "AdaDeband", "FCDR",
                               "BBand", "Inspect", "ContourMask", "Upscale"};
    int count = sizeof functions / sizeof *functions, frames = 0;
    for (int i = 0; i < cores; i++) {
        VSCore *core = api->createCore(ccfEnableFrameRefDebug);
        VSPlugin *std = api->getPluginByID("com.vapoursynth.std", core);
        VSMap *args = api->createMap();
        VSPlugin *plugin = api->getPluginByNamespace("unband", core);
        if (!plugin) {
            api->mapSetData(args, "path", argv[1], -1, dtUtf8, maReplace);
            VSMap *loaded = api->invoke(std, "LoadPlugin", args);
            if (api->mapGetError(loaded)) {
                fprintf(stderr, "%s\n", api->mapGetError(loaded));
                return 1;
            }
            api->freeMap(loaded);
            plugin = api->getPluginByNamespace("unband", core);
        }
        api->clearMap(args);
        api->mapSetInt(args, "width", 64, maReplace);
        api->mapSetInt(args, "height", 48, maReplace);
        api->mapSetInt(args, "format", pfYUV420P8, maReplace);
        api->mapSetInt(args, "length", 5, maReplace);
        api->mapSetFloat(args, "color", 90, maReplace);
        api->mapSetFloat(args, "color", 120, maAppend);
        api->mapSetFloat(args, "color", 130, maAppend);
        VSNode *blank = clip_of(api->invoke(std, "BlankClip", args), "BlankClip");
        for (int f = 0; f < count; f++) {
            /* Networks take long under valgrind. */
            if (!strcmp(functions[f], "Upscale") && i > 0) continue;
            api->clearMap(args);
            api->mapSetNode(args, "clip", blank, maReplace);
            /* Threads of the library are alive when the core goes. */
            api->mapSetInt(args, "threads", 1 + i % 2, maReplace);
            VSNode *made = clip_of(api->invoke(plugin, functions[f], args), functions[f]);
            int order[] = {3, 0, 4};
            for (int k = 0; k < (i % 3) + 1; k++) {
                char error[512] = "";
                const VSFrame *frame = api->getFrame(order[k], made, error, sizeof error);
                if (!frame) {
                    fprintf(stderr, "%s, frame %d: %s\n", functions[f], order[k], error);
                    return 1;
                }
                api->freeFrame(frame);
                frames++;
            }
            api->freeNode(made);
        }
        api->clearMap(args);
        api->mapSetNode(args, "clip", blank, maReplace);
        api->mapSetFloat(args, "strength", 99, maReplace);
        VSMap *refused = api->invoke(plugin, "Deband", args);
        if (!api->mapGetError(refused)) return 1;
        api->freeMap(refused);
        api->freeMap(args);
        api->freeNode(blank);
        api->freeCore(core);
    }
    printf("%d cores, %d frames\n", cores, frames);
    return 0;
}
