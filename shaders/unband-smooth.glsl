// unband smooth: removes banding by the smoothest surface inside the quantisation intervals.
// Written by `unband shader smooth`; docs/guide/players.md explains the settings. MIT or Apache-2.0.

//!PARAM strength
//!DESC Strength of the correction
//!TYPE float
//!MINIMUM 0
//!MAXIMUM 4
1.0

//!PARAM bits
//!DESC Bits per sample, 4 to 10; 0 finds them
//!TYPE int
//!MINIMUM 0
//!MAXIMUM 10
0

//!PARAM levels
//!DESC Levels of the pyramid
//!TYPE int
//!MINIMUM 1
//!MAXIMUM 6
6

//!PARAM show
//!DESC 1 shows the correction, 2 the gate
//!TYPE int
//!MINIMUM 0
//!MAXIMUM 2
0

//!BUFFER UNBAND_STATE
//!VAR uint unband_codes[6144]
//!VAR uint unband_seen[16]
//!VAR float unband_means[6144]
//!VAR float unband_kept[32]
//!STORAGE

//!TEXTURE UNBAND_GATE
//!SIZE 64 64
//!FORMAT r8
//!FILTER LINEAR
ffffedd5bca69585766b61574c463f39322d2925211e1a16120e0a05010000000000000000000000000000000000000000000000000000000000000000000000fffdecd7c0ac9d8e80766c6258514a423b36322f2b2724201d1916120f0e0d0d0d0d0c0c0c0c0b0b0b0a0a090909080808080807070707070707070606060606fffbecd9c4b2a4978a80776d645c544c443f3b3834312d2b2825221f1d1b1b1a1a191918181716161514141312111110100f0f0f0f0e0e0e0e0d0d0d0d0c0c0cfffaebdac9b8aca0948b827970675e564d4844413e3b373533312f2c2a2928282726252524232221201e1d1c1b1a191817171716161615151414141313131212fff8ebdccdbfb4a89e958d847c72695f56514d4a474441403e3d3b393837363534333231302e2d2c2a292726242321201f1f1e1e1d1d1c1c1b1b1a1a19191818f9f3e6d9ccc0b6aca39b948c847b726a615b5855524f4c4b4a4947464544434241403f3e3d3c3a3837353432312f2e2c2b2b2a2a292928282726262525242423f2ede0d4c9bfb7aea69f99928b847c746c6764615e5b5857565554535251504f4e4e4d4c4b494846454342403f3d3c3a39393838373736353534343333323231eae7dad0c7beb7b0a9a49e98938c857e7873706d6a666362626160605f5e5d5d5c5b5a59595756545351504e4c4b49484747464545444443434242414140403fe2e1d4cbc4beb8b2ada8a39e9a948e89837f7c7875726f6e6e6d6d6c6c6b6b6a6969686766656462605f5d5c5a59575655545453535252515150504f4e4e4d4ddcdcd0c8c2bcb8b3aeaaa6a29e99948f8a86837f7c78757574747474737372727170706f6f6d6c6a696766646361605e5d5d5c5c5b5b5a5a5959585757565655d9d9cec6c0bbb6b1ada9a5a19d98938f8a86827f7b77747373737373727272717170706f6f6d6c6b696866656362615f5e5e5d5d5c5b5b5a5a59595858575656d6d6ccc5bfb9b4b0aba7a3a09c97938e8a86827e7a767372727272727271717070706f6f6f6d6c6b69686765646361605f5f5e5d5d5c5c5b5b5a595958585756d3d3cac3bdb7b3aeaaa6a29f9b97928e8a86827d797571717171717171707070706f6f6f6f6e6c6b6a68676665636261605f5f5e5e5d5c5c5b5b5a5959585857d0d0c8c1bbb5b1aca8a5a19e9a96928e8a85817d797470707070707070706f6f6f6f6f6f6f6e6c6b6a696866656463626160605f5e5e5d5d5c5b5b5a59595858cdcdc7c0b9b4afaba7a3a09d9995918d8985817c78746f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6e6d6b6a69686766656463626161605f5f5e5d5d5c5b5b5a595958cacac5beb8b2aeaaa5a29f9c9894918d8985807c77736f6e6e6e6e6e6e6d6d6d6d6d6d6d6d6d6c6b6a69676665646362626160605f5e5e5d5c5c5b5b5a595958c7c7c3bdb7b1ada8a4a19e9b9794908c8884807b77736e6e6d6d6d6c6c6c6c6c6c6c6c6c6c6b6a69686766656463626161605f5f5e5e5d5c5c5b5a5a59595857c4c4c1bcb5b0aca7a3a09d9a96938f8b87837f7b76726e6d6d6c6c6b6b6b6b6b6b6b6b6b6b6a69686766656463626160605f5f5e5d5d5c5c5b5a5a5959585757c1c1bfbab4afaaa6a29f9c9996928e8a86827e7a76726e6d6c6b6b6a69696969696969696968676766656463626160605f5e5e5d5d5c5b5b5a5a595958575756bebebdb9b3ada9a5a19e9b9895918d8985817d7975716d6c6b6b6a696868686868686868686766656464636261605f5f5e5d5d5c5c5b5b5a5a59585857575656bbbbbbb7b2aca8a49f9d9a9794908c8884817d7975716d6c6b6a696866666666666666666665656463626261605f5f5e5d5d5c5c5b5a5a595958585757565655b8b8b8b5b0aca7a29e9b9895928f8b8783807c7874716d6b6a6968666565646464646464646363626160605f5e5e5d5c5c5b5b5a5a5959585857575656555554b5b5b5b3afaba6a19c999694918d8a86837f7b7774706c6b696867656463636362626262616160605f5e5e5d5d5c5b5b5a5a5959585857575756565555545453b2b2b2b0aeaaa59f9a9895928f8c8885827e7a7773706c6a69676564626161616060605f5f5f5e5e5d5c5c5b5b5a5a5959585858575756565555555454535352afafafaeaca9a49e989693918e8b8784817d7a76736f6c6a6866646361605f5f5e5e5e5d5d5c5c5b5b5a5a5a5959585857575756565555555454535353525251acacacacaba9a39c9794928f8c898683807c7976726f6b69676563615f5e5e5d5d5c5b5b5a5a5a59595858585757575656565555545454535353525252515151a9a9a9a9a9a7a19a94928f8d8b8885817e7b7875726e6b69676462605e5d5c5b5b5a595958585757575656565655555554545453535352525251515150505050a4a4a4a4a4a29c96908e8c898784827f7c797673706d6a686563615f5d5c5b5a595958575756565555555454535353525252515151515050504f4f4f4f4e4e4e9f9f9f9f9f9e98918c8a888684817f7c7a7774716e6c69666462605e5c5a5a5958575656555454535353525251515050504f4f4f4f4e4e4e4e4e4d4d4d4d4c4c9b9b9b9b9b99938d88868482817e7c7a787572706d6a676563615f5d5a5958575756555453535252515150504f4e4e4d4d4d4d4d4c4c4c4c4c4c4b4b4b4b4b4b9696969696948e898382807f7d7b79777673716e6b69666462605e5b5958575655545352525150504f4f4e4d4d4c4c4b4b4b4b4a4a4a4a4a4a4a4a49494949499191919191908a847f7e7d7b7a78777573716f6c6a676563615f5c5a5857565554535251504f4f4e4d4d4c4b4b4a4949494848484848484848484848474747478c8c8c8c8c8b85807b7a797877757472716f6d6b686664625f5d5b59575554535251504f4e4d4d4c4b4b4a494948474646464646464646464646464646464646888888888886817b77767574737271706f6d6b69676562605e5c5a585654535251504f4e4d4c4b4a49494847464645444444444444444444444444444444444481818181817f7b767171706f6e6d6c6b6a68666563615f5e5c5a585654535251504f4d4c4b4a4a494847474645444443434242424242424242424242424242427a7a7a7a7a7975706c6b6a6968676766656362615f5e5c5b595856545351504f4e4d4c4b4a4948484746454444434241414141414141414140404040404040407373737373726e6b6766656463626161605f5e5d5b5a59585755545351504f4e4d4c4b4a49484746454544434242414040403f3f3f3f3f3f3f3f3e3e3e3e3e3e6c6c6c6c6c6c68656261605f5d5d5c5b5b5a59585857565554535251504f4e4d4c4a4948474646454443434241403f3f3e3e3e3e3e3d3d3d3d3d3d3c3c3c3c3c66666666666562605d5c5b595858575656555554545453525251504f4e4d4c4b4a4948474645444343424140403f3e3d3d3d3d3c3c3c3c3b3b3b3b3b3a3a3a3a5f5f5f5f5f5e5c5a585755545352525151515050505050504f4f4e4d4d4c4b4a49484746454443424141403f3e3e3d3c3c3b3b3b3b3a3a3a393939393838383858585858585856545351504f4d4d4d4c4c4c4c4c4d4d4d4d4d4c4c4c4b4b4a494746454443424241403f3e3e3d3c3b3b3a3a3a39393938383837373737363636515151515151504f4e4c4b49484847474747484849494a4a4a4a4a4a4a494847464544434241403f3f3e3d3c3c3b3a39393838383737373636363535353434344a4a4a4a4a4a4a494947454442424242424243444546474747484848494847464544434240403f3e3d3d3c3b3a3939383737373636353535343433333332323244444444444444444442403f3d3d3d3d3d3e3f40414344444545464747474544434241403f3e3d3d3c3b3a3a393837363636353534343333333232313130302f4040404040404040403f3d3c3a3a3a3a3a3b3c3d3e3f40414142424343434241403f3e3d3c3b3a3a3938373736353434333332323231313030302f2f2e2e2e2d3d3d3d3d3d3d3d3d3d3b3a38373737373738393a3b3c3d3e3e3e3f3f403f3f3e3d3c3b3a3938373736353434333232313130302f2f2f2e2e2d2d2d2c2c2c2b2b3a3a3a3a3a3a3a3a39383735343434343435363738393a3a3b3b3b3c3c3c3b3a39383736363534343332323130302f2e2e2d2d2d2c2c2c2b2b2b2a2a2929292836363636363636363635333231313131313132333435363737383838393838373635343332323130302f2f2e2d2d2c2c2b2b2a2a2a292929282828272727262633333333333333333331302f2e2e2e2e2e2e2f30313233333434343535353433323231302f2f2e2d2d2c2c2b2b2a2929282828272727272626262525252424242f2f2f2f2f2f2f2f2f2e2d2c2b2b2b2b2b2b2c2d2e2f2f3030313131323131302f2e2e2d2c2c2b2a2a29292828272726262525252524242423232322222222212c2c2c2c2c2c2c2c2c2b2a29282828282828292a2b2b2c2c2d2d2d2e2e2e2d2c2c2b2a2a292828272726262525242423232323222222212121212020201f1f1f292929292929292929282726252525252525262727282929292a2a2a2b2a2a2928282726262525242423232322222121202020201f1f1f1f1e1e1e1e1d1d1d1c25252525252525252524232222222222222223232425252626262627272726262524242323222221212020201f1f1e1e1e1d1d1d1d1c1c1c1c1c1b1b1b1b1a1a22222222222222222221201f1f1f1f1f1f1f1f20212122222223232324232322222121201f1f1f1e1e1e1d1d1c1c1c1b1b1b1b1a1a1a1a1919191919181818181f1f1f1f1f1f1f1f1e1e1d1c1b1b1b1b1b1c1c1d1d1e1f1f1f1f1f2020201f1f1e1e1d1d1c1c1c1b1b1b1a1a1a191919181818181817171717171616161616151b1b1b1b1b1b1b1b1b1a1a19181818181819191a1a1b1b1b1c1c1c1c1c1c1c1b1b1a1a1a19191918181817171716161616151515151515141414141414131313181818181818181818171716151515151516161617171818181818191919181818171716161615151515141414141313131313121212121212121111111111111414141414141414141413131212121212131313141414151515151515151515141414131313121212121111111111101010101010100f0f0f0f0f0f0f0f0e0e1111111111111111111010100f0f0f0f0f0f10101011111111111112121211111111101010100f0f0f0f0f0e0e0e0e0e0d0d0d0d0d0d0d0d0d0d0c0c0c0c0c0c0e0e0e0e0e0e0e0e0e0d0d0d0c0c0c0c0c0c0d0d0d0d0e0e0e0e0e0e0e0e0e0e0d0d0d0d0d0c0c0c0c0c0c0c0b0b0b0b0b0b0b0b0a0a0a0a0a0a0a0a0a0a0a090a0a0a0a0a0a0a0a0a0a0a09090909090909090a0a0a0a0a0a0a0a0b0b0b0a0a0a0a0a0a09090909090909090908080808080808080808080808070707070707070707070707070707070606060606060606060607070707070707070707070707070706060606060606060606060605050505050505050505050505050505050303030303030303030303030303030303030303030303030303030404040303030303030303030303030303030303030303030303030303030302020202020200000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: clear
//!BIND HOOKED
//!BIND UNBAND_STATE
//!SAVE UNBAND_NONE
//!WIDTH 1
//!HEIGHT 1
//!COMPONENTS 4
//!COMPUTE 1 1 256 1
#define CELLS T(1.0)
#define LIMITED 255.9961
#define READY 20261130.0
#define PASSES 37
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
#define HISTOGRAMS (CHANNELS == 2 ? 2 : 1)
void hook() {
    int thread = int(gl_LocalInvocationIndex);
    bool ready = frame > 1 + PASSES * KIND && unband_kept[16 * KIND] == READY;
    for (int i = thread; i < 2048 * HISTOGRAMS; i += 256) {
        unband_codes[2048 * KIND + i] = 0u;
        if (!ready) unband_means[2048 * KIND + i] = 0.0;
    }
    if (thread < 8) unband_seen[8 * KIND + thread] = 0u;
    barrier();
    if (!ready && thread < 16) unband_kept[16 * KIND + thread] = 0.0;
    if (thread == 0) imageStore(out_image, ivec2(0), vec4(0.0));
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: count codes
//!BIND HOOKED
//!BIND UNBAND_STATE
//!SAVE UNBAND_NONE
//!WIDTH HOOKED.w 63 + 64 / 0.496 -
//!HEIGHT HOOKED.h 63 + 64 / 0.496 -
//!COMPONENTS 4
//!COMPUTE 1 1 16 16
#define CELLS T(1.0)
#define LIMITED 255.9961
#define READY 20261130.0
#define FLAT 1.2
#define LARGE 500000
#define OFF 0.1
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
#define HISTOGRAMS (CHANNELS == 2 ? 2 : 1)
#if CHANNELS == 1
#define AT(t, k) (t)
#else
#define AT(t, k) (t)[k]
#endif
vec2 off_codes(float value) {
    vec2 code = value * vec2(255.0, LIMITED);
    return abs(code - round(code));
}
#define QUARTERS(v) uint(clamp(round(4.0 * LIMITED * (v)), 0.0, 1023.0))
shared uint codes[2048];
shared uint seen[5];
void hook() {
    uint thread = gl_LocalInvocationIndex;
    ivec2 size = ivec2(HOOKED_size), corner = 64 * ivec2(gl_WorkGroupID.xy) + 4 * ivec2(gl_LocalInvocationID.xy);
    if (thread < 5u) seen[thread] = 0u;
    for (int c = 0; c < HISTOGRAMS; c++) {
        for (uint i = thread; i < 2048u; i += 256u) codes[i] = 0u;
        barrier();
        for (int i = 0; i < (size.x * size.y > LARGE ? 1 : 4); i++) {
            ivec2 p = corner + ivec2((int(thread) + int(thread) / 16 + i) % 4, (int(thread) / 2 + i) % 4);
            if (p != inside(p, size)) continue;
            T here = stored(p), sum = T(0.0), least = here, most = here;
            for (int n = 0; n < 9; n++) {
                T there = stored(p + ivec2(n % 3, n / 3) - 1);
                sum += there;
                least = min(least, there);
                most = max(most, there);
            }
            T range = most - least;
            for (int k = 0; k < CHANNELS; k++) {
                if (HISTOGRAMS > 1 && k != c) continue;
                float value = AT(here, k), spread = 255.0 * AT(range, k);
                atomicAdd(codes[1024u + QUARTERS(value)], 1u);
                if (spread < FLAT) atomicAdd(codes[QUARTERS(AT(sum, k) / 9.0)], 1u);
                if (spread > 0.05) {
                    vec2 off = off_codes(value);
                    atomicAdd(seen[0], 1u);
                    if (off.x < OFF) atomicAdd(seen[1], 1u);
                    if (off.y < OFF) atomicAdd(seen[2], 1u);
                }
            }
#if CHANNELS == 1
            for (int way = 0; way < 2; way++) {
                float step = 255.0 * abs(stored(p + (way == 0 ? ivec2(1, 0) : ivec2(0, 1))) - here);
                if (step > 0.6 && step < 4.0) atomicAdd(seen[p[way] % 8 == 7 ? 3 : 4], 1u);
            }
#endif
        }
        barrier();
        for (uint i = thread; i < 2048u; i += 256u) {
            if (codes[i] > 0u) atomicAdd(unband_codes[uint(2048 * (KIND + c)) + i], codes[i]);
        }
        barrier();
    }
    if (thread < 5u) atomicAdd(unband_seen[uint(8 * KIND) + thread], seen[thread]);
    if (thread == 0u) imageStore(out_image, ivec2(gl_WorkGroupID.xy), vec4(0.0));
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: find the steps
//!BIND HOOKED
//!BIND UNBAND_STATE
//!SAVE UNBAND_STEPS
//!WIDTH 2
//!HEIGHT 1
//!COMPONENTS 4
//!COMPUTE 2 1 256 1
#define CELLS T(1.0)
#define LIMITED 255.9961
#define READY 20261130.0
#define GRIDS 11
#define EVEN 6
#define COARSE 4
#define PERIODS 8.225806, 7.064516, 4.047619, 3.4761906, 2.007874, 1.7244095, 8.0, 4.0, 8.0, 4.0, 1.0
#define OFFSETS 0.0, 16.0, 0.0, 16.0, 0.0, 16.0, 0.0, 0.0, 4.0, 2.0, 0.0
#define CUT 0.25
#define OTHER_CODES 0.5
#define RATE 0.0625
#define LINGER 0.05
#define BLOCKY 1.15
#define SHARE_OF_CODES 0.985
#define DEEP 0.498
#define DEEP_STEPS 0.8
#define CODED 1.12
#define FINER 0.8
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
#define HISTOGRAMS (CHANNELS == 2 ? 2 : 1)
#define FIRST (2048 * (KIND + c))
#define KEPT(i) unband_kept[16 * KIND + i]
shared float share[2048];
shared float part[256];
shared float change[256];
shared float fit[GRIDS * 5];
shared vec2 novel[256];
shared int neighbours[GRIDS];
shared float exact[GRIDS];
const float PERIOD[GRIDS] = float[](PERIODS);
const float OFFSET[GRIDS] = float[](OFFSETS);
const float CONTROL[4] = float[](0.80, 0.88, 1.14, 1.25);
float code(int bin, float scale) { return 0.25 * float(bin) * scale; }
void hook() {
    vec4 steps = vec4(1.0);
    int thread = int(gl_LocalInvocationIndex);
    for (int c = 0; c < HISTOGRAMS; c++) {
        float sum = 0.0;
        for (int i = 0; i < 4; i++) sum += float(unband_codes[FIRST + 1024 + 4 * thread + i]);
        part[thread] = sum;
        barrier();
        float total = 0.0;
        for (int i = 0; i < 256; i++) total += part[i];
        total = max(total, 1.0);
        float moved = 0.0;
        vec2 fresh = vec2(0.0);
        for (int i = 0; i < 4; i++) {
            int bin = FIRST + 1024 + 4 * thread + i;
            float now = float(unband_codes[bin]) / total, mean = unband_means[bin];
            moved += now - mean;
            fresh += max(vec2(now - 8.0 * mean, mean - 8.0 * now), 0.0);
        }
        change[thread] = moved;
        novel[thread] = fresh;
        barrier();
        float distance = 0.0;
        vec2 other = vec2(0.0);
        for (int i = 0; i < 256; i++) other += novel[i];
        for (int i = 0; i < 256; i += 8) {
            float group = 0.0;
            for (int j = 0; j < 8; j++) group += change[i + j];
            distance += 0.5 * abs(group);
        }
        bool first = KEPT(0) != READY;
        float rate = first || distance > CUT || max(other.x, other.y) > OTHER_CODES ? 1.0 : RATE;
        for (int i = 0; i < 8; i++) {
            int bin = 8 * thread + i;
            float mean = mix(unband_means[FIRST + bin], float(unband_codes[FIRST + bin]) / total, rate);
            unband_means[FIRST + bin] = mean;
            share[bin] = mean;
        }
        if (thread < 5 && c == 0) {
            float seen = float(unband_seen[8 * KIND + thread]) / total;
            KEPT(1 + thread) = mix(KEPT(1 + thread), seen, rate);
        }
        memoryBarrierBuffer();
        barrier();
        float windows = KEPT(1), full = KEPT(2), limited = KEPT(3);
        float unit = full >= limited ? 255.0 : LIMITED, scale = unit / LIMITED;
        bool deep = windows > 0.0005 && max(full, limited) < SHARE_OF_CODES * windows;
        if (thread < GRIDS * 5) {
            int i = thread / 5, k = thread % 5;
            float turn = 6.2831853 / (PERIOD[i] * (k == 0 ? 1.0 : CONTROL[k - 1]));
            vec2 phasor = vec2(0.0);
            float weights = 0.0;
            for (int bin = 0; bin < 1024; bin++) {
                if (share[bin] < 1e-7) continue;
                float weight = sqrt(share[bin]), angle = turn * (code(bin, scale) - OFFSET[i]);
                phasor += weight * vec2(cos(angle), sin(angle));
                weights += weight;
            }
            fit[thread] = (k == 0 ? phasor.x : length(phasor)) / max(weights, 1e-6);
        } else if (thread >= 64 && thread < 64 + GRIDS) {
            int i = thread - 64, level = -1, before = -9, pairs = 0;
            float flats = 0.0, mass = 0.0;
            for (int bin = 0; bin < 1024; bin++) flats += share[bin];
            for (int bin = 0; bin <= 1024; bin++) {
                int at = bin == 1024 ? -99 : int(floor((code(bin, scale) - OFFSET[i]) / PERIOD[i] + 0.5));
                if (at != level) {
                    if (mass > 0.002 * flats && mass > 4e-5) {
                        if (level == before + 1) pairs++;
                        before = level;
                    }
                    level = at;
                    mass = 0.0;
                }
                if (bin < 1024) mass += share[bin];
            }
            neighbours[i] = flats > 0.001 ? pairs : 0;
        } else if (thread >= 128 && thread < 128 + GRIDS) {
            int i = thread - 128, pairs = 0;
            float on = 0.0;
            bool before = false;
            for (int k = 0; k < 128; k++) {
                float level = floor(float(k) * PERIOD[i] + OFFSET[i] + 0.5);
                if (level > 255.0) break;
                int bin = int(round(4.0 * level / scale));
                float mass = 0.0;
                for (int j = max(bin - 1, 0); j <= min(bin + 1, 1023); j++) mass += share[1024 + j];
                on += mass;
                if (before && mass > 4e-5) pairs++;
                before = mass > 4e-5;
            }
            exact[i] = PERIOD[i] > 1.5 && pairs >= 3 ? on : 0.0;
        }
        barrier();
        if (thread == 0) {
            if (HISTOGRAMS == 1) KEPT(6) = 7.0 * KEPT(4) > BLOCKY * (KEPT(5) + 1e-5) ? 1.0 : 0.0;
            bool coded = unband_kept[6] > 0.0;
            int best = -1;
            float most = 0.3;
            for (int i = 0; i < GRIDS && best < 0; i++) {
                if (!deep && exact[i] >= 0.995) best = i;
            }
            if (best < 0) {
                for (int i = 0; i < (deep ? GRIDS : GRIDS - 1); i++) {
                    float real = fit[5 * i], control = 0.0;
                    for (int k = 1; k < 5; k++) control = max(control, fit[5 * i + k]);
                    if (!first && int(KEPT(8 + c)) == i) real += LINGER;
                    if (real < most + (i < EVEN || best < 0 ? 0.0 : 0.03)) continue;
                    bool clear = real - control >= 0.2 || (!deep && i < COARSE && real >= 0.85);
                    if (neighbours[i] >= 2 && real >= 0.55 && clear) { best = i; most = real; }
                }
            }
            float found = deep ? DEEP : coded ? CODED : 1.0;
            if (best == GRIDS - 1) found = DEEP_STEPS;
            found = best >= 0 && best < GRIDS - 1 ? PERIOD[best] : HISTOGRAMS == 2 ? FINER * found : found;
            if (bits >= 4) found = 255.0 / (exp2(float(bits)) - 1.0);
            if (HISTOGRAMS == 1) steps = vec4(found / unit);
            else steps[c] = found / unit;
            KEPT(8 + c) = float(best);
            if (c == HISTOGRAMS - 1) KEPT(0) = READY;
        }
        barrier();
    }
    if (thread == 0) {
        imageStore(out_image, ivec2(0, 0), vec4(steps.rgb, unband_kept[6]));
        imageStore(out_image, ivec2(1, 0), 1.0 / max(steps, 1e-6));
    }
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: means, level 1
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!SAVE UNBAND_MEANS1
//!WIDTH HOOKED.w HOOKED.w 2 % + 2 /
//!HEIGHT HOOKED.h HOOKED.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define FINE(p) original(p)
#define FINE_SIZE ivec2(HOOKED_size)
#define DEEP(p) 0.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    T first = FINE(p), sum = T(0.0);
    float deep = 0.0;
    for (int i = 0; i < 4; i++) {
        ivec2 q = inside(p + ivec2(i & 1, i >> 1), FINE_SIZE);
        sum += APART(FINE(q) - first);
        deep += 0.25 * DEEP(q);
    }
    T mean = first + 0.25 * sum;
    return PACKED(mean, deep);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: means, level 2
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS1
//!SAVE UNBAND_MEANS2
//!WIDTH UNBAND_MEANS1.w UNBAND_MEANS1.w 2 % + 2 /
//!HEIGHT UNBAND_MEANS1.h UNBAND_MEANS1.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define FINE_SIZE ivec2(UNBAND_MEANS1_size)
#define FINE(p) VALUE_OF(texelFetch(UNBAND_MEANS1_raw, inside(p, FINE_SIZE), 0))
#define DEEP(p) 0.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    T first = FINE(p), sum = T(0.0);
    float deep = 0.0;
    for (int i = 0; i < 4; i++) {
        ivec2 q = inside(p + ivec2(i & 1, i >> 1), FINE_SIZE);
        sum += APART(FINE(q) - first);
        deep += 0.25 * DEEP(q);
    }
    T mean = first + 0.25 * sum;
    return PACKED(mean, deep);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: means, level 3
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS2
//!SAVE UNBAND_MEANS3
//!WIDTH UNBAND_MEANS2.w UNBAND_MEANS2.w 2 % + 2 /
//!HEIGHT UNBAND_MEANS2.h UNBAND_MEANS2.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define FINE_SIZE ivec2(UNBAND_MEANS2_size)
#define FINE(p) VALUE_OF(texelFetch(UNBAND_MEANS2_raw, inside(p, FINE_SIZE), 0))
#define DEEP(p) 0.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    T first = FINE(p), sum = T(0.0);
    float deep = 0.0;
    for (int i = 0; i < 4; i++) {
        ivec2 q = inside(p + ivec2(i & 1, i >> 1), FINE_SIZE);
        sum += APART(FINE(q) - first);
        deep += 0.25 * DEEP(q);
    }
    T mean = first + 0.25 * sum;
    return PACKED(mean, deep);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: means, level 4
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS3
//!SAVE UNBAND_MEANS4
//!WIDTH UNBAND_MEANS3.w UNBAND_MEANS3.w 2 % + 2 /
//!HEIGHT UNBAND_MEANS3.h UNBAND_MEANS3.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define FINE_SIZE ivec2(UNBAND_MEANS3_size)
#define FINE(p) VALUE_OF(texelFetch(UNBAND_MEANS3_raw, inside(p, FINE_SIZE), 0))
#define DEEP(p) 0.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    T first = FINE(p), sum = T(0.0);
    float deep = 0.0;
    for (int i = 0; i < 4; i++) {
        ivec2 q = inside(p + ivec2(i & 1, i >> 1), FINE_SIZE);
        sum += APART(FINE(q) - first);
        deep += 0.25 * DEEP(q);
    }
    T mean = first + 0.25 * sum;
    return PACKED(mean, deep);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: means, level 5
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS4
//!SAVE UNBAND_MEANS5
//!WIDTH UNBAND_MEANS4.w UNBAND_MEANS4.w 2 % + 2 /
//!HEIGHT UNBAND_MEANS4.h UNBAND_MEANS4.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define FINE_SIZE ivec2(UNBAND_MEANS4_size)
#define FINE(p) VALUE_OF(texelFetch(UNBAND_MEANS4_raw, inside(p, FINE_SIZE), 0))
#define DEEP(p) 0.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    T first = FINE(p), sum = T(0.0);
    float deep = 0.0;
    for (int i = 0; i < 4; i++) {
        ivec2 q = inside(p + ivec2(i & 1, i >> 1), FINE_SIZE);
        sum += APART(FINE(q) - first);
        deep += 0.25 * DEEP(q);
    }
    T mean = first + 0.25 * sum;
    return PACKED(mean, deep);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: start, level 5
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS5
//!SAVE UNBAND_STATE5A
//!WIDTH UNBAND_MEANS5.w
//!HEIGHT UNBAND_MEANS5.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS5_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS5_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 5
#define FORGET_TO 0.65
#define FORGET_WIDTH 0.15
#define FAR 4.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 5
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS5
//!BIND UNBAND_STATE5A
//!SAVE UNBAND_STATE5B
//!WIDTH UNBAND_MEANS5.w
//!HEIGHT UNBAND_MEANS5.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS5_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS5_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 5
#define STATE UNBAND_STATE5A_raw
#define STATE_SIZE ivec2(UNBAND_STATE5A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.2
#define PULL_OF_COLOUR 0.1
#define TWICE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 5
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS5
//!BIND UNBAND_STATE5B
//!SAVE UNBAND_SURFACE5
//!WIDTH UNBAND_MEANS5.w
//!HEIGHT UNBAND_MEANS5.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS5_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS5_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 5
#define STATE UNBAND_STATE5B_raw
#define STATE_SIZE ivec2(UNBAND_STATE5B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.2
#define PULL_OF_COLOUR 0.1
#define TWICE 
#define SURFACE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: start, level 4
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS4
//!BIND UNBAND_SURFACE5
//!SAVE UNBAND_STATE4A
//!WIDTH UNBAND_MEANS4.w
//!HEIGHT UNBAND_MEANS4.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS4_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS4_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 4
#define FORGET_TO 0.65
#define FORGET_WIDTH 0.15
#define COARSER UNBAND_SURFACE5_raw
#define COARSER_SIZE ivec2(UNBAND_SURFACE5_size)
#define FAR 4.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 4
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS4
//!BIND UNBAND_STATE4A
//!SAVE UNBAND_STATE4B
//!WIDTH UNBAND_MEANS4.w
//!HEIGHT UNBAND_MEANS4.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS4_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS4_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 4
#define STATE UNBAND_STATE4A_raw
#define STATE_SIZE ivec2(UNBAND_STATE4A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.2
#define PULL_OF_COLOUR 0.1
#define TWICE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 4
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS4
//!BIND UNBAND_STATE4B
//!SAVE UNBAND_SURFACE4
//!WIDTH UNBAND_MEANS4.w
//!HEIGHT UNBAND_MEANS4.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS4_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS4_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 4
#define STATE UNBAND_STATE4B_raw
#define STATE_SIZE ivec2(UNBAND_STATE4B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.2
#define PULL_OF_COLOUR 0.1
#define TWICE 
#define SURFACE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: start, level 3
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS3
//!BIND UNBAND_SURFACE4
//!SAVE UNBAND_STATE3A
//!WIDTH UNBAND_MEANS3.w
//!HEIGHT UNBAND_MEANS3.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS3_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS3_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 3
#define FORGET_TO 0.65
#define FORGET_WIDTH 0.15
#define COARSER UNBAND_SURFACE4_raw
#define COARSER_SIZE ivec2(UNBAND_SURFACE4_size)
#define FAR 4.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 3
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS3
//!BIND UNBAND_STATE3A
//!SAVE UNBAND_STATE3B
//!WIDTH UNBAND_MEANS3.w
//!HEIGHT UNBAND_MEANS3.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS3_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS3_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 3
#define STATE UNBAND_STATE3A_raw
#define STATE_SIZE ivec2(UNBAND_STATE3A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.1
#define PULL_OF_COLOUR 0.05
#define TWICE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 3
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS3
//!BIND UNBAND_STATE3B
//!SAVE UNBAND_SURFACE3
//!WIDTH UNBAND_MEANS3.w
//!HEIGHT UNBAND_MEANS3.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS3_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS3_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 3
#define STATE UNBAND_STATE3B_raw
#define STATE_SIZE ivec2(UNBAND_STATE3B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.1
#define PULL_OF_COLOUR 0.05
#define TWICE 
#define SURFACE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: start, level 2
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS2
//!BIND UNBAND_SURFACE3
//!SAVE UNBAND_STATE2A
//!WIDTH UNBAND_MEANS2.w
//!HEIGHT UNBAND_MEANS2.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS2_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS2_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 2
#define FORGET_TO 0.65
#define FORGET_WIDTH 0.15
#define COARSER UNBAND_SURFACE3_raw
#define COARSER_SIZE ivec2(UNBAND_SURFACE3_size)
#define FAR 4.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 2
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS2
//!BIND UNBAND_STATE2A
//!SAVE UNBAND_STATE2B
//!WIDTH UNBAND_MEANS2.w
//!HEIGHT UNBAND_MEANS2.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS2_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS2_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 2
#define STATE UNBAND_STATE2A_raw
#define STATE_SIZE ivec2(UNBAND_STATE2A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.1
#define PULL_OF_COLOUR 0.05
#define TWICE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 2
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS2
//!BIND UNBAND_STATE2B
//!SAVE UNBAND_SURFACE2
//!WIDTH UNBAND_MEANS2.w
//!HEIGHT UNBAND_MEANS2.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS2_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS2_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 2
#define STATE UNBAND_STATE2B_raw
#define STATE_SIZE ivec2(UNBAND_STATE2B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.1
#define PULL_OF_COLOUR 0.05
#define TWICE 
#define SURFACE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: start, level 1
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS1
//!BIND UNBAND_SURFACE2
//!SAVE UNBAND_STATE1A
//!WIDTH UNBAND_MEANS1.w
//!HEIGHT UNBAND_MEANS1.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS1_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS1_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 1
#define FORGET_TO 0.65
#define FORGET_WIDTH 0.15
#define COARSER UNBAND_SURFACE2_raw
#define COARSER_SIZE ivec2(UNBAND_SURFACE2_size)
#define FAR 4.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 1
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS1
//!BIND UNBAND_STATE1A
//!SAVE UNBAND_STATE1B
//!WIDTH UNBAND_MEANS1.w
//!HEIGHT UNBAND_MEANS1.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS1_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS1_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 1
#define STATE UNBAND_STATE1A_raw
#define STATE_SIZE ivec2(UNBAND_STATE1A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 1
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS1
//!BIND UNBAND_STATE1B
//!SAVE UNBAND_STATE1A
//!WIDTH UNBAND_MEANS1.w
//!HEIGHT UNBAND_MEANS1.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS1_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS1_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 1
#define STATE UNBAND_STATE1B_raw
#define STATE_SIZE ivec2(UNBAND_STATE1B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 1
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS1
//!BIND UNBAND_STATE1A
//!SAVE UNBAND_STATE1B
//!WIDTH UNBAND_MEANS1.w
//!HEIGHT UNBAND_MEANS1.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS1_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS1_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 1
#define STATE UNBAND_STATE1A_raw
#define STATE_SIZE ivec2(UNBAND_STATE1A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 1
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_MEANS1
//!BIND UNBAND_STATE1B
//!SAVE UNBAND_SURFACE1
//!WIDTH UNBAND_MEANS1.w
//!HEIGHT UNBAND_MEANS1.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE_SIZE ivec2(UNBAND_MEANS1_size)
#define VALUE(p) VALUE_OF(texelFetch(UNBAND_MEANS1_raw, inside(p, VALUE_SIZE), 0))
#define LEVEL 1
#define STATE UNBAND_STATE1B_raw
#define STATE_SIZE ivec2(UNBAND_STATE1B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#define SURFACE 
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: level changes, level 0
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!SAVE UNBAND_CHANGES_HALF
//!WIDTH HOOKED.w HOOKED.w 2 % + 2 /
//!HEIGHT HOOKED.h HOOKED.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE(p) original(p)
#define VALUE_SIZE ivec2(HOOKED_size)
#define LEVEL 0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    cells = CELLS;
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((VALUE_SIZE + 1) / 2));
    T rows[9];
    for (int i = 0; i < 9; i++) rows[i] = VALUE(p + ivec2(i % 3, i / 3));
    T sum = T(0.0);
    for (int i = 0; i < 5; i++) {
        if (i == 2) continue;
        sum += min(abs(APART(rows[i + 1] - rows[i])), 2.0) + min(abs(APART(rows[i + 3] - rows[i])), 2.0);
    }
    return SPREAD(JOINT(0.25 * sum));
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: level changes
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_CHANGES_HALF
//!SAVE UNBAND_CHANGES
//!WIDTH UNBAND_CHANGES_HALF.w UNBAND_CHANGES_HALF.w 2 % + 2 /
//!HEIGHT UNBAND_CHANGES_HALF.h UNBAND_CHANGES_HALF.h 2 % + 2 /
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define FINE UNBAND_CHANGES_HALF_raw
#define FINE_SIZE ivec2(UNBAND_CHANGES_HALF_size)
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    ivec2 p = 2 * ivec2(HOOKED_pos * vec2((FINE_SIZE + 1) / 2));
    vec4 sum = vec4(0.0);
    for (int i = 0; i < 4; i++) sum += texelFetch(FINE, inside(p + ivec2(i & 1, i >> 1), FINE_SIZE), 0);
    return 0.25 * sum;
}

//!HOOK LUMA
//!HOOK RGB
//!DESC unband: texture
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_CHANGES
//!SAVE UNBAND_TEXTURE
//!WIDTH UNBAND_CHANGES.w
//!HEIGHT UNBAND_CHANGES.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define DEEP_SHARE 0.0
#define CHANGES_MAP UNBAND_CHANGES_raw
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() { return vec4(textureLod(CHANGES_MAP, HOOKED_pos, 0.0).x, DEEP_SHARE, 0.0, 0.0); }

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: level changes around
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_CHANGES
//!SAVE UNBAND_CHANGES_X
//!WIDTH UNBAND_CHANGES.w
//!HEIGHT UNBAND_CHANGES.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define NARROW UNBAND_CHANGES_raw
#define NARROW_SIZE ivec2(UNBAND_CHANGES_size)
#define ALONG ivec2(1, 0)
#define WIDE 25.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    ivec2 p = ivec2(HOOKED_pos * vec2(NARROW_SIZE));
    float reach = 0.125 * WIDE, count = 0.0;
    vec4 sum = vec4(0.0);
    for (int i = -4; i <= 4; i++) {
        ivec2 q = p + i * ALONG;
        if (q != inside(q, NARROW_SIZE)) continue;
        float weight = clamp(reach + 0.5 - abs(float(i)), 0.0, 1.0);
        sum += weight * texelFetch(NARROW, q, 0);
        count += weight;
    }
    return sum / count;
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: level changes around
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_CHANGES_X
//!SAVE UNBAND_CHANGES_Y
//!WIDTH UNBAND_CHANGES_X.w
//!HEIGHT UNBAND_CHANGES_X.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define NARROW UNBAND_CHANGES_X_raw
#define NARROW_SIZE ivec2(UNBAND_CHANGES_X_size)
#define ALONG ivec2(0, 1)
#define WIDE 25.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    ivec2 p = ivec2(HOOKED_pos * vec2(NARROW_SIZE));
    float reach = 0.125 * WIDE, count = 0.0;
    vec4 sum = vec4(0.0);
    for (int i = -4; i <= 4; i++) {
        ivec2 q = p + i * ALONG;
        if (q != inside(q, NARROW_SIZE)) continue;
        float weight = clamp(reach + 0.5 - abs(float(i)), 0.0, 1.0);
        sum += weight * texelFetch(NARROW, q, 0);
        count += weight;
    }
    return sum / count;
}

//!HOOK LUMA
//!HOOK RGB
//!DESC unband: factors
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_GATE
//!SAVE UNBAND_FACTORS
//!WIDTH 64
//!HEIGHT 64
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define GATE_MOST 1.5
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
vec4 hook() {
    float factor = GATE_MOST * textureLod(UNBAND_GATE, HOOKED_pos, 0.0).x;
    return vec4(STRENGTH <= 1.0 ? factor * STRENGTH : pow(factor, 1.0 / (STRENGTH * STRENGTH)));
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: gate
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_CHANGES_HALF
//!BIND UNBAND_CHANGES_Y
//!BIND UNBAND_FACTORS
//!SAVE UNBAND_GATE_HALF
//!WIDTH UNBAND_CHANGES_HALF.w
//!HEIGHT UNBAND_CHANGES_HALF.h
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define NARROW UNBAND_CHANGES_HALF_raw
#define NARROW_SIZE ivec2(UNBAND_CHANGES_HALF_size)
#define WIDE_MAP UNBAND_CHANGES_Y_raw
#define WIDE_MAP_SIZE ivec2(UNBAND_CHANGES_Y_size)
#define FACTORS UNBAND_FACTORS_raw
#define FACTORS_SIZE ivec2(UNBAND_FACTORS_size)
#define NEAR_END 2.2
#define WIDE_END 2.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
float gate(float near, float wide) {
    vec2 at = clamp(vec2(wide / WIDE_END, near / NEAR_END), 0.0, 1.0);
    return textureLod(FACTORS, (63.0 * at + 0.5) / 64.0, 0.0).x;
}
vec4 hook() {
    ivec2 p = ivec2(HOOKED_pos * vec2(NARROW_SIZE));
    DENSITY near = DENSITY(0.0);
    for (int i = 0; i < 9; i++) {
        ivec2 way = ivec2(i % 3, i / 3) - 1;
        vec2 weight = mix(vec2(0.3), vec2(0.4), equal(way, ivec2(0)));
        near += weight.x * weight.y * GATHERED(texelFetch(NARROW, inside(p + way, NARROW_SIZE), 0));
    }
    DENSITY wide = GATHERED(textureLod(WIDE_MAP, (vec2(p) + 0.5) / (2.0 * vec2(WIDE_MAP_SIZE)), 0.0));
#if CHANNELS == 2
    return vec4(gate(near.x, wide.x), gate(near.y, wide.y), 0.0, 0.0);
#else
    return vec4(gate(near, wide));
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: start, level 0
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_SURFACE1
//!SAVE UNBAND_STATE0A
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE(p) original(p)
#define VALUE_SIZE ivec2(HOOKED_size)
#define LEVEL 0
#define FORGET_TO 0.65
#define FORGET_WIDTH 0.15
#define COARSER UNBAND_SURFACE1_raw
#define COARSER_SIZE ivec2(UNBAND_SURFACE1_size)
#define FAR 4.0
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T start(ivec2 p, T v) {
    T d = T(0.0);
#ifdef COARSER
    ivec2 near = p >> 1, other = near + 2 * (p & 1) - 1;
    for (int i = 0; i < 4; i++) {
        ivec2 q = ivec2((i & 1) == 0 ? near.x : other.x, (i & 2) == 0 ? near.y : other.y);
        q = inside(q, COARSER_SIZE);
        float weight = ((i & 1) == 0 ? 0.75 : 0.25) * ((i & 2) == 0 ? 0.75 : 0.25);
        d += weight * APART(VALUE_OF(texelFetch(COARSER, q, 0)) - v);
    }
    if (LEVEL + 1 >= LEVELS) d = T(0.0);
#endif
    return clamp(d, -0.5, 0.5) * clamp((FORGET_TO - abs(d)) / FORGET_WIDTH, 0.0, 1.0);
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(VALUE_SIZE));
    T v = VALUE(p), d = start(p, v);
#if CHANNELS == 1
    vec2 steps = vec2(VALUE(p + ivec2(1, 0)) - v, VALUE(p + ivec2(0, 1)) - v);
#endif
    return STATE_OF(clamp(steps, -FAR, FAR), d);
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 0
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_STATE0A
//!SAVE UNBAND_STATE0B
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE(p) original(p)
#define VALUE_SIZE ivec2(HOOKED_size)
#define LEVEL 0
#define STATE UNBAND_STATE0A_raw
#define STATE_SIZE ivec2(UNBAND_STATE0A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 0
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_STATE0B
//!SAVE UNBAND_STATE0A
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE(p) original(p)
#define VALUE_SIZE ivec2(HOOKED_size)
#define LEVEL 0
#define STATE UNBAND_STATE0B_raw
#define STATE_SIZE ivec2(UNBAND_STATE0B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 0
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_STATE0A
//!SAVE UNBAND_STATE0B
//!COMPONENTS 4
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE(p) original(p)
#define VALUE_SIZE ivec2(HOOKED_size)
#define LEVEL 0
#define STATE UNBAND_STATE0A_raw
#define STATE_SIZE ivec2(UNBAND_STATE0A_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    Cross c = cross_at(p);
    T d = swept(c);
#ifdef TWICE
    T left = swept(cross_at(c.left)), right = swept(cross_at(c.right));
    T up = swept(cross_at(c.up)), down = swept(cross_at(c.down));
    d = mean_of(c, d, left, right, up, down);
#endif
#ifdef SURFACE
    return PACKED(VALUE(p) + d, 0.0);
#else
    return STATE_OF(c.here.xy, d);
#endif
}

//!HOOK LUMA
//!HOOK CHROMA
//!HOOK RGB
//!DESC unband: sweep, level 0
//!BIND HOOKED
//!BIND UNBAND_STEPS
//!BIND UNBAND_STATE0B
//!BIND UNBAND_TEXTURE
//!BIND UNBAND_GATE_HALF
#define STEP texelFetch(UNBAND_STEPS_raw, ivec2(0, 0), 0).CH
#define CELLS texelFetch(UNBAND_STEPS_raw, ivec2(1, 0), 0).CH
#define LEVELS levels
#define STRENGTH strength
#define SHOW show
#define VALUE(p) original(p)
#define VALUE_SIZE ivec2(HOOKED_size)
#define LEVEL 0
#define STATE UNBAND_STATE0B_raw
#define STATE_SIZE ivec2(UNBAND_STATE0B_size)
#define LINK_TO 1.6
#define LINK_WIDTH 0.5
#define PULL 0.05
#define PULL_OF_COLOUR 0.025
#define GATE UNBAND_GATE_HALF_raw
#define GATE_SIZE ivec2(UNBAND_GATE_HALF_size)
#define GATE_MOST 1.5
#define DEEP 0.498
#define SHRUNK 1.0
#define FOLLOWING (texelFetch(UNBAND_STEPS_raw, ivec2(0), 0).a > 0.0 ? vec2(1.0) : mix(vec2(clamp(2.0 - 2.0 * textureLod(UNBAND_TEXTURE_raw, HOOKED_pos, 0.0).x, 0.0, 1.0)), vec2(1.0), greaterThan(STEP, vec2(2.0 / 255.0))))
#if defined(LUMA_raw)
#define CHANNELS 1
#define KIND 0
#define T float
#define CH x
#elif defined(CHROMA_raw)
#define CHANNELS 2
#define KIND 1
#define T vec2
#define CH xy
#else
#define CHANNELS 3
#define KIND 0
#define T vec3
#define CH rgb
#endif
#if CHANNELS == 1
#define CORRECTION(t) (t).z
#define STATE_OF(steps, d) vec4(steps, d, 0.0)
#elif CHANNELS == 2
#define CORRECTION(t) (t).xy
#define STATE_OF(steps, d) vec4(d, 0.0, 0.0)
#else
#define CORRECTION(t) (t).xyz
#define STATE_OF(steps, d) vec4(d, 0.0)
#endif
#if CHANNELS == 2
#define DENSITY vec2
#define JOINT(change) (change)
#define SPREAD(density) vec4(density, 0.0, 0.0)
#define GATHERED(t) (t).xy
#else
#define DENSITY float
#define JOINT(change) dot(T(change), T(1.0 / float(CHANNELS)))
#define SPREAD(density) vec4(density)
#define GATHERED(t) (t).x
#endif
ivec2 inside(ivec2 p, ivec2 size) { return clamp(p, ivec2(0), size - 1); }
T stored(ivec2 p) { return (HOOKED_mul * texelFetch(HOOKED_raw, inside(p, ivec2(HOOKED_size)), 0)).CH; }
T cells;
T original(ivec2 p) { return stored(p) * cells; }
#if CHANNELS == 1
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v), share, 0.0)
#define VALUE_OF(t) ((t).x + (t).y)
#define SHARE(t) (t).z
#elif CHANNELS == 2
#define APART(step) (step)
#define PACKED(v, share) vec4(floor(v), (v) - floor(v))
#define VALUE_OF(t) ((t).xy + (t).zw)
#define SHARE(t) 0.0
#else
#define APART(step) ((step) - 64.0 * round((step) / 64.0))
#define PACKED(v, share) vec4(APART(v), share)
#define VALUE_OF(t) (t).rgb
#define SHARE(t) (t).a
#endif
T link(T step) { return clamp((LINK_TO - abs(step)) / LINK_WIDTH, 0.0, 1.0); }
T moved(T d, T sum, T weights) {
    T pull = T(CHANNELS == 2 ? PULL_OF_COLOUR : PULL) / max(STRENGTH, 1.0);
    return clamp((1.0 - pull) * (d + sum / (1.0 + weights)), -0.5, 0.5);
}
struct Cross { ivec2 left, right, up, down; vec4 here, l, r, u, d; T steps[4]; vec4 open; };
Cross cross_at(ivec2 p) {
    Cross c;
    ivec2 low = max(p - 1, ivec2(0)), high = min(p + 1, STATE_SIZE - 1);
    c.left = ivec2(low.x, p.y);
    c.right = ivec2(high.x, p.y);
    c.up = ivec2(p.x, low.y);
    c.down = ivec2(p.x, high.y);
    c.here = texelFetch(STATE, p, 0);
    c.l = texelFetch(STATE, c.left, 0);
    c.r = texelFetch(STATE, c.right, 0);
    c.u = texelFetch(STATE, c.up, 0);
    c.d = texelFetch(STATE, c.down, 0);
#if CHANNELS == 1
    c.steps = float[](-c.l.x, c.here.x, -c.u.y, c.here.y);
#else
    T v = VALUE(p);
    T left = APART(VALUE(c.left) - v), right = APART(VALUE(c.right) - v);
    c.steps = T[](left, right, APART(VALUE(c.up) - v), APART(VALUE(c.down) - v));
#endif
    c.open = vec4(p.x > 0, p.x < STATE_SIZE.x - 1, p.y > 0, p.y < STATE_SIZE.y - 1);
    return c;
}
T mean_of(Cross c, T d, T l, T r, T u, T b) {
    T wl = link(c.steps[0]) * c.open.x, wr = link(c.steps[1]) * c.open.y;
    T wu = link(c.steps[2]) * c.open.z, wb = link(c.steps[3]) * c.open.w;
    T sum = wl * (c.steps[0] + l - d) + wr * (c.steps[1] + r - d);
    sum += wu * (c.steps[2] + u - d) + wb * (c.steps[3] + b - d);
    return moved(d, sum, wl + wr + wu + wb);
}
T swept(Cross c) {
    return mean_of(c, CORRECTION(c.here), CORRECTION(c.l), CORRECTION(c.r), CORRECTION(c.u), CORRECTION(c.d));
}
vec4 hook() {
    cells = CELLS;
    ivec2 p = ivec2(HOOKED_pos * vec2(STATE_SIZE));
    T d = swept(cross_at(p));
    T factor = T(GATHERED(textureLod(GATE, (vec2(p) + 0.5) / (2.0 * vec2(GATE_SIZE)), 0.0)));
#if CHANNELS == 2
    factor *= FOLLOWING;
#endif
    T correction = clamp(factor * d, -0.5, 0.5) * STEP * SHRUNK;
    vec4 color = HOOKED_mul * texelFetch(HOOKED_raw, p, 0);
    if (SHOW == 1) color.CH = 0.5 + 64.0 * correction;
    else if (SHOW == 2) color.CH = factor / GATE_MOST;
    else color.CH += correction;
    return color;
}

