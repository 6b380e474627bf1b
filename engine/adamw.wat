;; AdamW (Loshchilov and Hutter, 2019, algorithm 2) and the squared norm of a gradient, four values at a time.
;; Sizes are in bytes and multiples of 16; regions are padded with zeros, which every function leaves zero.
(module
  (import "state" "memory" (memory 1 65536))

  ;; Sum of squares, accumulated in float64.
  (func (export "squaredNorm") (param $at i32) (param $bytes i32) (result f64)
    (local $end i32) (local $sum v128) (local $x v128)
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $x (v128.load (local.get $at)))
        (local.set $sum (f64x2.add (local.get $sum)
          (f64x2.mul (f64x2.promote_low_f32x4 (local.get $x)) (f64x2.promote_low_f32x4 (local.get $x)))))
        (local.set $x (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x)))
        (local.set $sum (f64x2.add (local.get $sum)
          (f64x2.mul (f64x2.promote_low_f32x4 (local.get $x)) (f64x2.promote_low_f32x4 (local.get $x)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (f64.add (f64x2.extract_lane 0 (local.get $sum)) (f64x2.extract_lane 1 (local.get $sum))))

  ;; One step in place; the gradient is zeroed for the next one.
  ;;   g ← scale·g, m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g²
  ;;   p ← decay·p − rate·m ÷ (√v·root + ε)
  ;; with decay = 1 − lr·λ, rate = lr ÷ (1 − β1^t), root = 1 ÷ √(1 − β2^t).
  (func (export "adamw")
    (param $p i32) (param $g i32) (param $m i32) (param $v i32) (param $bytes i32)
    (param $scale f32) (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32)
    (param $decay f32) (param $rate f32) (param $root f32) (param $epsilon f32)
    (local $end i32) (local $gradient v128) (local $first v128) (local $second v128)
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $p) (local.get $end)))
        (local.set $gradient (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale))))
        (local.set $first (f32x4.add
          (f32x4.mul (v128.load (local.get $m)) (f32x4.splat (local.get $beta1)))
          (f32x4.mul (local.get $gradient) (f32x4.splat (local.get $rest1)))))
        (local.set $second (f32x4.add
          (f32x4.mul (v128.load (local.get $v)) (f32x4.splat (local.get $beta2)))
          (f32x4.mul (f32x4.mul (local.get $gradient) (local.get $gradient)) (f32x4.splat (local.get $rest2)))))
        (v128.store (local.get $m) (local.get $first))
        (v128.store (local.get $v) (local.get $second))
        (v128.store (local.get $g) (v128.const f32x4 0 0 0 0))
        (v128.store (local.get $p) (f32x4.sub
          (f32x4.mul (v128.load (local.get $p)) (f32x4.splat (local.get $decay)))
          (f32x4.div
            (f32x4.mul (local.get $first) (f32x4.splat (local.get $rate)))
            (f32x4.add
              (f32x4.mul (f32x4.sqrt (local.get $second)) (f32x4.splat (local.get $root)))
              (f32x4.splat (local.get $epsilon))))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (br $next)))))
