;; Scans over a vocabulary. Logits lie from address 0 on, padded to whole blocks of 256 up to address $end.
;; `vocabulary-scan.ts` holds the assembled bytes; its test assembles this text and compares.
(module
  (memory (export "memory") 1)

  ;; The largest logit of each group of 64, four groups at a time; they follow from address $end on.
  ;; A block holds four groups: those whose places leave 0, 1, 2 and 3 when divided by four.
  (func (export "maxima") (param $end i32) (local $at i32) (local $to i32) (local $out i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $out (local.get $end))
    (loop $blocks
      (local.set $to (i32.add (local.get $at) (i32.const 1024)))
      (local.set $a (v128.load (local.get $at)))
      (local.set $b (v128.load offset=16 (local.get $at)))
      (local.set $c (v128.load offset=32 (local.get $at)))
      (local.set $d (v128.load offset=48 (local.get $at)))
      (loop $block
        (local.set $a (f32x4.pmax (local.get $a) (v128.load (local.get $at))))
        (local.set $b (f32x4.pmax (local.get $b) (v128.load offset=16 (local.get $at))))
        (local.set $c (f32x4.pmax (local.get $c) (v128.load offset=32 (local.get $at))))
        (local.set $d (f32x4.pmax (local.get $d) (v128.load offset=48 (local.get $at))))
        (br_if $block
          (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $to))))
      ;; What began with a NaN has stayed one. It must show, for it hides what was larger: max keeps it, pmax need not.
      (v128.store
        (local.get $out)
        (f32x4.max
          (f32x4.max (local.get $a) (local.get $b))
          (f32x4.max (local.get $c) (local.get $d))))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $blocks (i32.lt_u (local.get $at) (local.get $end)))))

  ;; The sum of e^(logit - $largest), to 4 %: the exponent is put right into the bits of a number.
  ;; Source: Schraudolph, A fast, compact approximation of the exponential function, 1999.
  (func (export "mass") (param $end i32) (param $largest f32) (result f32) (local $at i32) (local $sum v128)
    (loop $all
      (local.set $sum
        (f32x4.add
          (local.get $sum)
          (i32x4.trunc_sat_f32x4_s
            (f32x4.add
              (f32x4.mul
                (f32x4.max
                  (f32x4.sub (v128.load (local.get $at)) (f32x4.splat (local.get $largest)))
                  (v128.const f32x4 -87 -87 -87 -87))
                (v128.const f32x4 12102203 12102203 12102203 12102203))
              (v128.const f32x4 1064866805 1064866805 1064866805 1064866805)))))
      (br_if $all (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
      (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum))))))
